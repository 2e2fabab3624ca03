//! Drawings: lines, heat maps, upright and lying bars, sparklines.
//!
//! Every drawing is a [`Svg`], shown inside a page of [`super::html`] (whose style sheet colours it) or
//! written alone with [`Svg::standalone`]. Coordinates are rounded to a tenth of a unit. Colours are Okabe
//! and Ito's, which people with any common colour vision tell apart, and lines also differ in their dashes.

mod axis;
mod bars;
mod heat_map;
mod line_plot;
mod lying_bars;
mod paint;
mod sparkline;

pub use axis::Axis;
pub use bars::{Bars, Group};
pub use heat_map::HeatMap;
pub use line_plot::{Area, LinePlot, Series, Stroke};
pub use lying_bars::LyingBars;
pub use paint::{STYLE, Svg, escape};
pub use sparkline::sparkline;

#[cfg(test)]
mod tests {
    use super::*;

    fn plot() -> LinePlot {
        let mut plot = LinePlot::new("ROC <1>", "a & b", Axis::unit("x"), Axis::unit("y"));
        plot.series.push(Series::line("mel", vec![(0.0, 0.0), (f64::NAN, 0.5), (0.5, 1.0), (1.0, 1.0)]));
        plot.series.push(Series { name: "nv".to_owned(), points: vec![(0.25, 0.75)], stroke: Stroke::Steps });
        plot.series.push(Series::line("nothing", Vec::new()));
        plot
    }

    #[test]
    fn lines_stand_where_their_numbers_are() {
        let drawn = plot().svg().inline();
        // 388 units wide from 56, 280 high from 34, y upwards.
        assert!(drawn.contains("d=\"M56 314L250 34L444 34\""), "{drawn}");
        // One point alone is a dot.
        assert!(drawn.contains("cx=\"153\" cy=\"104\""), "{drawn}");
        assert!(!drawn.contains("NaN"));
        assert_eq!(drawn, plot().svg().inline());
    }

    #[test]
    fn every_drawing_says_what_it_is_and_escapes_it() {
        let drawn = plot().svg();
        assert!(drawn.inline().contains("role=\"img\"><title>ROC &lt;1&gt;</title><desc>a &amp; b</desc>"));
        let alone = drawn.standalone();
        assert!(alone.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && alone.contains("<style>") && alone.ends_with("</svg>\n"));
    }

    #[test]
    fn nine_series_differ_by_colour_or_dash() {
        let mut plot = plot();
        plot.series = (0..16).map(|i| Series::line(format!("c{i}"), vec![(0.0, 0.0), (1.0, f64::from(i) / 16.0)])).collect();
        let drawn = plot.svg().inline();
        let mut looks: Vec<&str> =
            drawn.split("<path ").skip(1).take(16).map(|path| path.split(" d=").next().unwrap_or_default()).collect();
        looks.sort_unstable();
        looks.dedup();
        assert_eq!(looks.len(), 16);
    }

    #[test]
    fn heat_maps_and_bars_draw_every_number() {
        let map = HeatMap {
            title: "t".to_owned(),
            description: "d".to_owned(),
            row_label: "true".to_owned(),
            column_label: "said".to_owned(),
            rows: vec!["a".to_owned(), "b".to_owned()],
            columns: vec!["a".to_owned(), "b".to_owned()],
            shades: vec![vec![1.0, 0.0], vec![f64::NAN, 0.25]],
            texts: vec![vec!["10".to_owned(), "0".to_owned()], vec!["–".to_owned(), "3".to_owned()]],
        };
        let drawn = map.svg().inline();
        assert_eq!(drawn.matches("class=\"heat\"").count(), 3);
        for text in [">10<", ">0<", ">–<", ">3<", "fill-opacity=\"0.250\""] {
            assert!(drawn.contains(text), "{text}");
        }
        let bars = Bars {
            title: "t".to_owned(),
            description: "d".to_owned(),
            x_label: "x".to_owned(),
            y_label: "y".to_owned(),
            labels: vec!["a".to_owned(), "b".to_owned()],
            groups: vec![
                Group { name: "g".to_owned(), values: vec![2.0, f64::NAN] },
                Group { name: "h".to_owned(), values: vec![4.0, 1.0] },
            ],
            at_least: 0.0,
        };
        assert_eq!(bars.svg().inline().matches("<title>a ").count() + bars.svg().inline().matches("<title>b ").count(), 3);
        let none = Bars { labels: Vec::new(), groups: Vec::new(), ..bars };
        assert!(none.svg().inline().contains("</svg>"));
        assert!(sparkline(&[], "nothing").inline().contains("nothing"));
    }
}
