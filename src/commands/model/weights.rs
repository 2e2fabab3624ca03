//! `derm model weights`.

use serde::Serialize;

use crate::cli::model::WeightsArgs;
use crate::commands::weights::{StartingPoint, Summary, table};
use crate::commands::{Context, Exit, Failure};
use crate::nn::HeadRule;
use crate::nn::weights::Loading;
use crate::ui::{Page, Report};

pub fn run(context: &Context, args: &WeightsArgs) -> Result<Exit, Failure> {
    let start = StartingPoint::find(context, Some(&args.weights), &args.network)?;
    let observer = context.ui.observer();
    let weights = start.source.open(context, observer.as_ref())?;
    let weights =
        weights.ok_or_else(|| Failure::usage("`none` are no weights").hint("name a file, a bundle or `owner/name` on the hub"))?;
    if let Some(restriction) = start.restriction() {
        context.ui.warn(restriction);
    }
    let architecture = start.network.architecture;
    let preprocess = start.network.preprocess();
    let [height, width] = match args.image_size {
        Some(size) => [size as usize; 2],
        None => [preprocess.height as usize, preprocess.width as usize],
    };
    let head = if args.keep_head { HeadRule::Keep } else { HeadRule::Replace };
    let outputs = args.outputs.unwrap_or_else(|| {
        let published = start.network.published.or(architecture.published.first()).map_or(0, |published| published.classes);
        if published > 0 { published } else { 2 }
    });
    let graph = architecture.graph_at(outputs, height, width)?;
    let loading = weights.check(architecture, &graph, head)?;
    context.ui.show(&WeightsReport { network: architecture.name, outputs, summary: Summary::from(&loading), loading })?;
    Ok(Exit::Done)
}

/// What would become of every parameter.
#[derive(Serialize)]
struct WeightsReport {
    network: &'static str,
    outputs: usize,
    #[serde(flatten)]
    summary: Summary,
    #[serde(rename = "parameters")]
    loading: Loading,
}

impl Report for WeightsReport {
    const KIND: &'static str = "model-weights";

    fn human(&self, page: &mut Page) {
        let naming = self.loading.naming();
        let naming = if naming.is_empty() { naming } else { format!(" ({naming})") };
        page.line(format!("`{}`{naming} for `{}`:", self.loading.source, self.network)).table(&table(&self.loading));
    }
}
