//! Drawings: lines, heat maps, bars, sparklines.
//!
//! Every drawing is a [`Svg`], shown inside a page of [`super::html`] (whose style sheet colours it) or
//! written alone with [`Svg::standalone`]. Coordinates are rounded to a tenth of a unit. Colours are Okabe
//! and Ito's, which people with any common colour vision tell apart, and lines also differ in their dashes.

mod axis;
mod bars;
mod heat_map;
mod line_plot;
mod paint;
mod sparkline;

pub use axis::Axis;
pub use bars::{Bars, Group};
pub use heat_map::HeatMap;
pub use line_plot::{Area, LinePlot, Series, Stroke};
pub use paint::{STYLE, Svg, escape};
pub use sparkline::sparkline;
