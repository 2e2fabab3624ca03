//! Plots and pages from plain numbers: SVG drawings and self-contained HTML.
//!
//! [`svg`] draws one picture from numbers and words: [`svg::LinePlot`], [`svg::HeatMap`], [`svg::Bars`],
//! [`svg::sparkline`]. [`html`] puts drawings, tables, facts and pictures on one page. Both know nothing
//! of models, datasets or files.
//!
//! Promises: the same input gives the same bytes (no dates, no random ids); every text is escaped; a page
//! needs nothing from the network and says so in its own content security policy; drawings follow the
//! reader's light or dark preference, carry a title and a description for screen readers, and never tell
//! two things apart by colour alone.

pub mod base64;
pub mod html;
pub mod svg;
