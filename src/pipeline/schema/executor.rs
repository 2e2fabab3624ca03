//! Where a stage runs: `executor: local`, `executor: slurm`, or `executor: {slurm: {partition: gpu, …}}`.

use super::Reader;
use crate::pipeline::stage::{Place, Slurm};
use crate::pipeline::yaml::Node;

const SLURM: &[&str] = &["partition", "account", "qos", "time", "options", "setup"];

/// Options of `sbatch` that would take a job out of derm's hands.
const OURS: &[&str] = &[
    "-a",
    "-J",
    "-o",
    "-e",
    "-W",
    "--array",
    "--job-name",
    "--output",
    "--error",
    "--wait",
    "--wrap",
    "--parsable",
    "--open-mode",
    "--test-only",
];

impl Reader<'_, '_> {
    pub(super) fn executor(&mut self, node: &Node) -> Place {
        match (node.as_text(), node.entries()) {
            (Some("local"), _) => Place::Local,
            (Some("slurm"), _) => Place::Slurm(Slurm::default()),
            (None, Some([only])) if only.key == "local" && only.value.is_null() => Place::Local,
            (None, Some([only])) if only.key == "slurm" => Place::Slurm(self.slurm(&only.value)),
            _ => {
                self.problems.add(node.mark, "`executor` must be `local`, `slurm`, or `slurm` with settings: `{slurm: {partition: gpu}}`");
                Place::Local
            }
        }
    }

    fn slurm(&mut self, node: &Node) -> Slurm {
        if node.is_null() {
            return Slurm::default();
        }
        let Some(entries) = self.map(node, "`slurm`") else { return Slurm::default() };
        self.known(entries, "`slurm`", SLURM);
        let mut word = |key: &str| {
            let text = node.get(key).and_then(|node| self.text(node, &format!("`{key}`")));
            text.filter(|text| {
                let bad = text.is_empty() || text.contains(['\n', '\0']);
                if bad && let Some(node) = node.get(key) {
                    self.problems.add(node.mark, format!("`{key}` must be one word"));
                }
                !bad
            })
        };
        let (partition, account, qos, time) = (word("partition"), word("account"), word("qos"), word("time"));
        let options = node.get("options").map(|node| self.words(node, "`options`")).unwrap_or_default();
        let setup = node.get("setup").and_then(|node| self.text(node, "`setup`"));
        Slurm { partition, account, qos, time: time.filter(|time| self.is_slurm_time(node, time)), options, setup }
    }

    fn words(&mut self, node: &Node, what: &str) -> Vec<String> {
        let items = self.list(node, what).unwrap_or_default();
        let mut words = Vec::new();
        for item in items {
            let Some(word) = self.text(item, "an option") else { continue };
            if !word.starts_with('-') || word.contains('\0') {
                self.problems.add(item.mark, format!("`{word}` is no option of `sbatch`: write it as `--name=value`"));
            } else if OURS.contains(&word.split('=').next().unwrap_or_default()) {
                self.problems.add(item.mark, format!("`{word}` is for derm to say: leave it out"));
            }
            words.push(word);
        }
        words
    }

    /// `M`, `M:S`, `H:M:S`, `D-H`, `D-H:M`, `D-H:M:S`.
    fn is_slurm_time(&mut self, node: &Node, time: &str) -> bool {
        let (days, rest) = time.split_once('-').map_or((None, time), |(days, rest)| (Some(days), rest));
        let number = |part: &str| !part.is_empty() && part.len() < 8 && part.chars().all(|c| c.is_ascii_digit());
        let good = days.is_none_or(number) && rest.split(':').count() <= 3 && rest.split(':').all(number);
        if !good && let Some(node) = node.get("time") {
            self.problems.add(node.mark, format!("`{time}` is no time for Slurm: write minutes, `HOURS:MINUTES:SECONDS` or `DAYS-HOURS`"));
        }
        good
    }
}
