//! What a user wants of a sweep: options, and the file of `--config` behind them.

use std::num::NonZeroUsize;
use std::path::Path;

use crate::cli::sweep::{Goal as GoalArg, Search as SearchArg, SweepArgs};
use crate::commands::{Context, Failure};
use crate::experiments::overrides::{Given, How, Override, literal};
use crate::experiments::search::asha::Rungs;
use crate::experiments::search::{self, Algorithm};
use crate::experiments::sweep::{Goal, Settings, Target, Watch};
use crate::pipeline::problem::Source;
use crate::pipeline::value::Value;
use crate::pipeline::{Error as PipelineError, paramfile};
use crate::relpath::RelPath;
use crate::text;
use crate::workspace::Workspace;

/// All of it, as text where it is checked later.
#[derive(Default)]
pub(super) struct Wishes {
    params: Vec<String>,
    metric: Option<String>,
    goal: Option<Goal>,
    trials: Option<usize>,
    search: Option<Algorithm>,
    seed: Option<u64>,
    startup: Option<usize>,
    stop: Option<String>,
    watch: Option<String>,
    folds: Option<String>,
    targets: Vec<String>,
    pub name: Option<String>,
}

const KEYS: [&str; 13] =
    ["params", "metric", "goal", "trials", "search", "seed", "startup", "stop", "watch", "folds", "repeat", "targets", "name"];

pub(super) fn gather(context: &Context, workspace: &Workspace, args: &SweepArgs) -> Result<Wishes, Failure> {
    let mut wishes = match &args.config {
        Some(file) => from_file(&workspace.relative(&context.cwd, Path::new(file))?, workspace)?,
        None => Wishes::default(),
    };
    for typed in &args.set {
        let key = Override::parse(typed)?;
        wishes.params.retain(|other| Override::parse(other).is_ok_and(|other| (&other.file, &other.key) != (&key.file, &key.key)));
        wishes.params.push(key.to_string());
    }
    let goal = args.goal.map(|goal| if goal == GoalArg::Min { Goal::Min } else { Goal::Max });
    let search = args.search.map(|search| match search {
        SearchArg::Grid => Algorithm::Grid,
        SearchArg::Random => Algorithm::Random,
        SearchArg::Tpe => Algorithm::Tpe,
    });
    let targets = if args.targets.is_empty() { wishes.targets } else { args.targets.clone() };
    Ok(Wishes {
        params: wishes.params,
        metric: args.metric.clone().or(wishes.metric),
        goal: goal.or(wishes.goal),
        trials: args.trials.map(NonZeroUsize::get).or(wishes.trials),
        search: search.or(wishes.search),
        seed: args.seed.or(wishes.seed),
        startup: args.startup.or(wishes.startup),
        stop: args.stop.clone().or(wishes.stop),
        watch: args.watch.clone().or(wishes.watch),
        folds: args.folds.clone().or(wishes.folds),
        targets,
        name: args.name.clone().or(wishes.name),
    })
}

fn from_file(file: &RelPath, workspace: &Workspace) -> Result<Wishes, Failure> {
    let wrong = |message: String| Failure::usage(format!("`{file}`: {message}"));
    let path = file.on_disk(workspace.root());
    let text = std::fs::read_to_string(&path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let read = paramfile::parse(&Source { path: file.clone(), text: text.into() }).map_err(PipelineError::from)?;
    let Value::Map(map) = read.value else {
        return Err(wrong("it has no keys".to_owned()).hint(format!("keys are {}", text::quoted_list(&KEYS))));
    };
    let mut wishes = Wishes::default();
    for (key, value) in &map {
        let shown = || Some(value.shown());
        let whole = || match value {
            Value::Int(number) if *number >= 0 => u64::try_from(*number).map_err(|_| wrong(format!("`{key}` is too great"))),
            _ => Err(wrong(format!("`{key}` is {}, not a whole number of 0 or more", value.json()))),
        };
        match key.as_str() {
            "params" => flatten("", value, &mut wishes.params),
            "metric" => wishes.metric = shown(),
            "goal" => {
                wishes.goal = Some(match value.shown().as_str() {
                    "min" => Goal::Min,
                    "max" => Goal::Max,
                    other => return Err(wrong(format!("`goal` is `{other}`, not `min` or `max`"))),
                });
            }
            "trials" => wishes.trials = Some(whole()?.max(1) as usize),
            "search" => {
                wishes.search = Some(match value.shown().as_str() {
                    "grid" => Algorithm::Grid,
                    "random" => Algorithm::Random,
                    "tpe" => Algorithm::Tpe,
                    other => return Err(wrong(format!("`search` is `{other}`, not `grid`, `random` or `tpe`"))),
                });
            }
            "seed" => wishes.seed = Some(whole()?),
            "startup" => wishes.startup = Some(whole()? as usize),
            "stop" => wishes.stop = shown(),
            "watch" => wishes.watch = shown(),
            "name" => wishes.name = shown(),
            "folds" | "repeat" => wishes.folds = folds_of(value),
            "targets" => {
                wishes.targets = match value {
                    Value::List(items) => items.iter().map(Value::shown).collect(),
                    one => vec![one.shown()],
                };
            }
            _ => {
                let hint = text::suggest(key, KEYS)
                    .map_or_else(|| format!("keys are {}", text::quoted_list(&KEYS)), |near| format!("did you mean `{near}`?"));
                return Err(wrong(format!("unknown key `{key}`")).hint(hint));
            }
        }
    }
    Ok(wishes)
}

/// `{split.fold: [0, 1]}` or `split.fold=0..4`.
fn folds_of(value: &Value) -> Option<String> {
    match value {
        Value::Map(_) => {
            let mut params = Vec::new();
            flatten("", value, &mut params);
            params.into_iter().next()
        }
        other => Some(other.shown()),
    }
}

/// Overrides of nested maps: a list is a choice, a text what may stand behind the `=` of `-S`.
fn flatten(above: &str, value: &Value, params: &mut Vec<String>) {
    match value {
        Value::Map(map) => {
            for (key, inner) in map {
                let key = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
                flatten(&key, inner, params);
            }
        }
        Value::List(items) => params.push(format!("{above}={}", Given::Choice(items.clone()))),
        Value::Text(text) => params.push(format!("{above}={text}")),
        other => params.push(format!("{above}={}", literal(other))),
    }
}

impl Wishes {
    /// What the sweep is to do.
    pub fn settings(&self, context: &Context, workspace: &Workspace, jobs: NonZeroUsize) -> Result<Settings, Failure> {
        let metric = self.metric.as_deref().ok_or_else(|| {
            Failure::usage("there is no metric to compare by")
                .hint("name one: `--metric FILE:KEY`; `derm metrics show` lists those that there are")
        })?;
        let metric = target(context, workspace, metric)?;
        let goal = self.goal.ok_or_else(|| {
            Failure::usage(format!("whether more of `{}` is better is not known", metric.key))
                .hint("`--goal max` if it is, `--goal min` if not")
        })?;
        let params: Vec<Override> = self.params.iter().map(|typed| Override::parse(typed)).collect::<Result<_, _>>()?;
        let searched = |one: &&Override| one.how != How::Remove && !matches!(one.given, None | Some(Given::One(_)));
        let space: Vec<Given> = params.iter().filter(searched).filter_map(|one| one.given.clone()).collect();
        let size = search::size(&space);
        let endless = space.iter().any(|given| matches!(given, Given::Uniform { .. }));
        let search = self.search.unwrap_or(if endless { Algorithm::Tpe } else { Algorithm::Grid });
        let most = size.filter(|_| search != Algorithm::Tpe);
        let trials = self.trials.or(most.filter(|_| search == Algorithm::Grid)).unwrap_or(20);
        let trials = most.map_or(trials, |most| trials.min(most));
        let folds = self.folds.as_deref().map(folds).transpose()?;
        let stop = self.stop.as_deref().map(rungs).transpose()?;
        if folds.is_some() && stop.is_some() {
            return Err(Failure::usage("trials of a sweep with folds are not ended early").hint("leave out `--stop`, or `--folds`"));
        }
        let watch = match (&self.watch, &stop) {
            (Some(watch), _) => Some(self::watch(context, workspace, watch)?),
            (None, Some(_)) => Some(Watch { file: None, key: metric.key.clone() }),
            (None, None) => None,
        };
        let waits = search == Algorithm::Tpe || stop.is_some();
        Ok(Settings {
            params: params.iter().map(ToString::to_string).collect(),
            folds,
            metric,
            goal,
            trials,
            search,
            seed: self.seed.unwrap_or(0),
            startup: self.startup.unwrap_or_else(|| trials.div_ceil(2).min(10)),
            lag: if waits { jobs.get() } else { 1 },
            stop,
            watch,
            targets: self.targets.clone(),
            folder: RelPath::strip(workspace.root(), &context.cwd).unwrap_or_default(),
        })
    }
}

/// `FILE:KEY` or `KEY`.
fn target(context: &Context, workspace: &Workspace, typed: &str) -> Result<Target, Failure> {
    Ok(match typed.split_once(':') {
        Some((file, key)) => Target { file: Some(workspace.relative(&context.cwd, Path::new(file))?), key: key.to_owned() },
        None => Target { file: None, key: typed.to_owned() },
    })
}

fn watch(context: &Context, workspace: &Workspace, typed: &str) -> Result<Watch, Failure> {
    let Target { file, key } = target(context, workspace, typed)?;
    let watch = Watch { file, key };
    watch.check()?;
    Ok(watch)
}

/// `KEY=0..4`, or what `-S` takes for several values.
fn folds(typed: &str) -> Result<String, Failure> {
    let range = typed.split_once('=').and_then(|(key, range)| {
        let (first, last) = range.split_once("..")?;
        let (first, last): (i64, i64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (last >= first && last - first < 1000).then(|| (first..=last).map(|n| n.to_string()).collect::<Vec<_>>()).map(|all| (key, all))
    });
    let one = match range {
        Some((key, all)) => Override::parse(&format!("{key}=choice({})", all.join(",")))?,
        None => Override::parse(typed)?,
    };
    match &one.given {
        Some(Given::Choice(values)) if values.len() > 1 => Ok(one.to_string()),
        _ => Err(Failure::usage(format!("`{}` is not given several values", one.key))
            .hint(format!("`--folds {}=0..4` or `--folds {}=1,2,3`", one.key, one.key))),
    }
}

/// `asha` or `asha(min=2, eta=3, max=81)`.
fn rungs(typed: &str) -> Result<Rungs, Failure> {
    let wrong = |message: String| {
        Failure::usage(format!("cannot understand `--stop {typed}`: {message}")).hint("`asha`, or `asha(min=STEP, eta=N, max=STEP)`")
    };
    let inside = match typed.trim().strip_prefix("asha") {
        Some("") => "",
        Some(rest) => {
            rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).ok_or_else(|| wrong("parentheses are missing".to_owned()))?
        }
        None => return Err(wrong("there is no such rule".to_owned())),
    };
    let mut rungs = Rungs { min: 1, eta: 3, max: None };
    for part in inside.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, number) = part.split_once('=').unwrap_or((part, ""));
        let number: u64 = number.trim().parse().map_err(|_| wrong(format!("`{part}` is not NAME=NUMBER")))?;
        match (name.trim(), number) {
            ("min", 1..) => rungs.min = number,
            ("eta", 2..) => rungs.eta = number,
            ("max", 1..) => rungs.max = Some(number),
            ("min" | "max", _) => return Err(wrong(format!("`{part}`: steps count from 1"))),
            ("eta", _) => return Err(wrong(format!("`{part}`: one of two goes on at most"))),
            _ => return Err(wrong(format!("`{name}` is not `min`, `eta` or `max`"))),
        }
    }
    Ok(rungs)
}
