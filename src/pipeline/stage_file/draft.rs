//! A stage as it is written into a file.

use crate::pipeline::value::Value;
use crate::pipeline::yaml::emit;

/// What a new stage says; paths as they stand in the file.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// Its command.
    pub cmd: String,
    /// For people.
    pub desc: Option<String>,
    /// Its folder.
    pub wdir: Option<String>,
    /// What it reads.
    pub deps: Vec<String>,
    /// The parameters that it reads, one item a file.
    pub params: Vec<Params>,
    /// What it makes.
    pub outs: Vec<Out>,
    /// Run every time.
    pub always_changed: bool,
}

/// Parameters of one file.
#[derive(Clone, Debug)]
pub struct Params {
    /// `None` is the default file.
    pub file: Option<String>,
    /// None are all of the file.
    pub keys: Vec<String>,
}

/// One output.
#[derive(Clone, Debug)]
pub struct Out {
    /// `outs`, `metrics` or `plots`.
    pub section: &'static str,
    /// Its path.
    pub path: String,
    /// Whether it goes into the cache.
    pub cache: bool,
    /// Whether it stays in place while the stage runs.
    pub persist: bool,
}

impl Draft {
    /// Its lines, the name `indent` columns in.
    pub fn to_yaml(&self, indent: usize) -> String {
        let (name, key) = (" ".repeat(indent), " ".repeat(indent + 2));
        let mut out = format!("{name}{}\n{key}cmd: {}\n", emit::key(&self.name, indent), emit::block(&self.cmd, indent + 4));
        if let Some(desc) = &self.desc {
            out += &format!("{key}desc: {}\n", emit::block(desc, indent + 4));
        }
        if let Some(wdir) = &self.wdir {
            out += &format!("{key}wdir: {}\n", emit::text(wdir));
        }
        let items = |title: &str, lines: Vec<String>| match lines.is_empty() {
            true => String::new(),
            false => format!("{key}{title}:\n{}", lines.iter().map(|line| format!("{key}- {line}\n")).collect::<String>()),
        };
        out += &items("deps", self.deps.iter().map(|path| emit::text(path)).collect());
        out += &items("params", self.params.iter().flat_map(|params| params.lines(&key)).collect());
        for section in ["outs", "metrics", "plots"] {
            out += &items(section, self.outs.iter().filter(|out| out.section == section).map(|out| out.line(&key)).collect());
        }
        if self.always_changed {
            out += &format!("{key}always_changed: true\n");
        }
        out
    }

    /// What its lines mean.
    pub fn to_value(&self) -> Value {
        let flag = |name: &str, value| (name.to_owned(), Value::Bool(value));
        let text = |text: &String| Value::Text(text.clone());
        let one = |key: &str, value| Value::Map([(key.to_owned(), value)].into_iter().collect());
        let mut entries = vec![("cmd", text(&self.cmd))];
        entries.extend(self.desc.iter().map(|desc| ("desc", text(desc))));
        entries.extend(self.wdir.iter().map(|wdir| ("wdir", text(wdir))));
        entries.push(("deps", Value::List(self.deps.iter().map(text).collect())));
        let params = |params: &Params| match (&params.file, params.keys.is_empty()) {
            (None, _) => params.keys.iter().map(text).collect(),
            (Some(file), true) => vec![one(file, Value::Null)],
            (Some(file), false) => vec![one(file, Value::List(params.keys.iter().map(text).collect()))],
        };
        entries.push(("params", Value::List(self.params.iter().flat_map(params).collect())));
        for section in ["outs", "metrics", "plots"] {
            let value = |out: &Out| match (out.cache, out.persist) {
                (true, false) => text(&out.path),
                (true, true) => one(&out.path, Value::Map([flag("persist", true)].into_iter().collect())),
                (false, false) => one(&out.path, Value::Map([flag("cache", false)].into_iter().collect())),
                (false, true) => one(&out.path, Value::Map([flag("cache", false), flag("persist", true)].into_iter().collect())),
            };
            entries.push((section, Value::List(self.outs.iter().filter(|out| out.section == section).map(value).collect())));
        }
        if self.always_changed {
            entries.push(("always_changed", Value::Bool(true)));
        }
        let written = entries.into_iter().filter(|(_, value)| *value != Value::List(Vec::new()));
        Value::Map(written.map(|(key, value)| (key.to_owned(), value)).collect())
    }
}

impl Params {
    fn lines(&self, key: &str) -> Vec<String> {
        match &self.file {
            None => self.keys.iter().map(|key| emit::text(key)).collect(),
            Some(file) => {
                let keys: String = self.keys.iter().map(|name| format!("\n{key}  - {}", emit::text(name))).collect();
                vec![format!("{}:{keys}", emit::text(file))]
            }
        }
    }
}

impl Out {
    fn line(&self, key: &str) -> String {
        let mut out = emit::text(&self.path);
        if !self.cache || self.persist {
            out.push(':');
        }
        if !self.cache {
            out += &format!("\n{key}    cache: false");
        }
        if self.persist {
            out += &format!("\n{key}    persist: true");
        }
        out
    }
}
