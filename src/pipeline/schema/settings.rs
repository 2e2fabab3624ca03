//! How a stage is run: `env`, `timeout`, `retry`, `resources`, `mutex`, `executor`, `shell`.

use std::time::Duration;

use super::Reader;
use crate::pipeline::stage::{How, Resources};
use crate::pipeline::value::Value;
use crate::pipeline::yaml::{Data, Node};

impl Reader<'_, '_> {
    pub(super) fn how(&mut self, node: &Node) -> How {
        let mut how = How::default();
        if let Some(env) = node.get("env") {
            for entry in self.map(env, "`env`").unwrap_or_default() {
                if entry.key.is_empty() || entry.key.contains(['=', '\0']) {
                    self.problems.add(entry.mark, format!("`{}` cannot be the name of an environment variable", entry.key));
                } else if let Some(text) = self.text(&entry.value, &format!("`{}`", entry.key)) {
                    how.env.push((entry.key.clone(), text));
                }
            }
        }
        how.timeout = node.get("timeout").and_then(|node| self.timeout(node));
        how.retry = node.get("retry").and_then(|node| self.whole(node, "`retry`", 100)).unwrap_or(0) as u32;
        if let Some(resources) = node.get("resources") {
            how.resources = self.resources(resources);
        }
        if let Some(mutex) = node.get("mutex") {
            how.mutex = match mutex.items() {
                Some(items) => items.iter().filter_map(|item| self.text(item, "the name of a mutex")).collect(),
                None => self.text(mutex, "`mutex`").into_iter().collect(),
            };
            how.mutex.sort();
            how.mutex.dedup();
        }
        how.executor = node.get("executor").map(|node| self.executor(node)).unwrap_or_default();
        how.shell = node.get("shell").and_then(|node| self.text(node, "`shell`"));
        how
    }

    fn whole(&mut self, node: &Node, what: &str, most: i128) -> Option<i128> {
        match node.data {
            Data::Scalar(Value::Int(n)) if (0..=most).contains(&n) => Some(n),
            Data::Scalar(Value::Int(_)) => {
                self.problems.add(node.mark, format!("{what} must be from 0 to {most}"));
                None
            }
            _ => {
                self.wrong(node, what, "a whole number");
                None
            }
        }
    }

    /// Seconds, or a number with `s`, `m` or `h`.
    fn timeout(&mut self, node: &Node) -> Option<Duration> {
        let text = self.text(node, "`timeout`")?;
        let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let factor = match text[split..].trim() {
            "" | "s" => Some(1.0),
            "m" | "min" => Some(60.0),
            "h" => Some(3600.0),
            _ => None,
        };
        let seconds = text[..split].trim().parse::<f64>().ok().zip(factor).map(|(n, factor)| n * factor);
        let duration = seconds.filter(|s| *s > 0.0).and_then(|s| Duration::try_from_secs_f64(s).ok());
        if duration.is_none() {
            self.problems.add(node.mark, format!("`{text}` is no time: write seconds, or `90s`, `10m`, `2h`"));
        }
        duration
    }

    fn resources(&mut self, node: &Node) -> Resources {
        let mut resources = Resources::default();
        let Some(entries) = self.map(node, "`resources`") else { return resources };
        self.known(entries, "`resources`", &["cpus", "memory", "gpus"]);
        if let Some(cpus) = node.get("cpus") {
            resources.cpus = self.whole(cpus, "`cpus`", 100_000).unwrap_or(1).max(1) as usize;
        }
        if let Some(gpus) = node.get("gpus") {
            resources.gpus = self.whole(gpus, "`gpus`", 1000).unwrap_or(0) as u32;
        }
        if let Some(memory) = node.get("memory") {
            resources.memory = self.memory(memory).unwrap_or(0);
        }
        resources
    }

    /// Bytes, or a number with `kB`, `MB`, `GB`, `KiB`, `MiB`, `GiB`.
    fn memory(&mut self, node: &Node) -> Option<u64> {
        let text = self.text(node, "`memory`")?;
        let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let factor = match text[split..].trim().to_ascii_lowercase().as_str() {
            "" | "b" => Some(1.0),
            "kb" | "k" => Some(1e3),
            "mb" | "m" => Some(1e6),
            "gb" | "g" => Some(1e9),
            "kib" => Some(1024.0),
            "mib" => Some(1024.0 * 1024.0),
            "gib" => Some(1024.0 * 1024.0 * 1024.0),
            _ => None,
        };
        let bytes = text[..split].trim().parse::<f64>().ok().zip(factor).map(|(n, factor)| n * factor).filter(|n| *n >= 0.0);
        if bytes.is_none() {
            self.problems.add(node.mark, format!("`{text}` is no size: write bytes, or `512MB`, `8GB`, `16GiB`"));
        }
        bytes.map(|bytes| bytes as u64)
    }
}
