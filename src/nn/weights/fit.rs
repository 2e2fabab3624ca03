//! Which parameters of a file become which of a network, and whether that is all that the network needs.
//!
//! What a network lacks is an error, and so is what the file has too much inside the network's own modules: it is then another
//! network's. What lies beside them (another head, a decoder, a mask token) is left out, and said so.

use std::collections::{HashMap, HashSet};

use candle_core::{DType, Device, Tensor};

use super::Weights;
use super::adapt::{self, Adaptation};
use super::loading::{Fresh, LeftOut, Loaded, Loading};
use super::names::{self, Entry, How, Renamed, Translation};
use crate::nn::graph::{Graph, ParamSpec};
use crate::nn::network::{HeadRule, Part};
use crate::nn::zoo::{self, Architecture};
use crate::nn::{Error, Misfit};

/// How a network of some graph takes a file's parameters over.
pub(in crate::nn) struct Fit<'a> {
    weights: &'a Weights,
    names: Vec<&'a str>,
    translation: Translation,
    /// For each parameter of the network its place in the translation, and how it is changed.
    taken: Vec<(ParamSpec, usize, Option<Adaptation>)>,
    fresh: Vec<Fresh>,
    misfit: Misfit,
}

impl Weights {
    /// What a network of this graph would take over; with [`HeadRule::Replace`] the head stays as it is.
    ///
    /// # Errors
    ///
    /// [`Error::Misfit`], with everything that differs and the network that the parameters belong to.
    pub fn check(&self, architecture: &'static Architecture, graph: &Graph, head: HeadRule) -> Result<Loading, Error> {
        Ok(self.fit(architecture, graph, head)?.loading())
    }

    /// As [`check`](Self::check), ready to be carried out.
    pub(in crate::nn) fn fit(&self, architecture: &'static Architecture, graph: &Graph, head: HeadRule) -> Result<Fit<'_>, Error> {
        let fit = Fit::new(self, architecture, graph, head);
        if fit.misfit.is_empty() {
            return Ok(fit);
        }
        Err(Error::Misfit {
            source_name: self.source().to_owned(),
            architecture: architecture.name,
            misfit: Box::new(fit.misfit),
            only_head: head == HeadRule::Keep && Fit::new(self, architecture, graph, HeadRule::Replace).misfit.is_empty(),
            belongs_to: self.owner().map(|owner| owner.name),
        })
    }

    /// How many classes these parameters tell apart as weights of this network; none if its classifier is not among them.
    pub fn classes(&self, architecture: &Architecture) -> Option<usize> {
        let graph = architecture.graph(2);
        let (names, translation) = self.translate(&graph.params());
        let classifier = format!("{}.weight", architecture.classifier);
        let place = *translation.renamed.iter().find(|one| one.name == classifier)?.from.first()?;
        self.get(names[place])?.dims().first().copied()
    }

    fn translate(&self, specs: &[ParamSpec]) -> (Vec<&str>, Translation) {
        let entries: Vec<Entry<'_>> = self.tensors.iter().map(|(name, tensor)| Entry { name, shape: tensor.dims() }).collect();
        let wanted: HashSet<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        (self.names().collect(), names::translate(&entries, &wanted))
    }

    /// The network whose backbone has exactly these parameters, with a head of any number of classes.
    fn owner(&self) -> Option<&'static Architecture> {
        // Of heads nothing is asked: any number of classes will do.
        zoo::all().find(|own| Fit::new(self, own, &own.graph(2), HeadRule::Replace).misfit.is_empty())
    }
}

impl<'a> Fit<'a> {
    fn new(weights: &'a Weights, architecture: &Architecture, graph: &Graph, head: HeadRule) -> Self {
        let specs = graph.params();
        let (names, translation) = weights.translate(&specs);
        let mut fit = Self { weights, names, translation, taken: Vec::new(), fresh: Vec::new(), misfit: Misfit::default() };
        let there: HashMap<&str, usize> =
            fit.translation.renamed.iter().enumerate().map(|(place, one)| (one.name.as_str(), place)).collect();
        let mut taken = Vec::with_capacity(specs.len());
        for spec in specs {
            let new = |reason| Fresh { name: spec.name.clone(), shape: spec.shape.clone(), reason };
            if head == HeadRule::Replace && spec.part == Part::Head {
                fit.fresh.push(new("a head for these classes"));
                continue;
            }
            let Some(&place) = there.get(spec.name.as_str()) else {
                match head == HeadRule::Replace && fit.translation.as_encoder && names::inside(&spec.name).1.is_none() {
                    true => fit.fresh.push(new("the file holds an encoder alone")),
                    false => fit.misfit.missing.push(spec.name),
                }
                continue;
            };
            let shape = fit.shape(&fit.translation.renamed[place]);
            match adapt::plan(&shape, &spec, architecture.first_conv, head == HeadRule::Replace) {
                Some(adaptation) => taken.push((spec, place, adaptation)),
                None => fit.misfit.misshapen.push((spec.name, shape, spec.shape)),
            }
        }
        fit.misfit.unexpected = fit.unexpected(graph, head);
        fit.taken = taken;
        fit
    }

    /// Shape of a parameter as it is made of the file's.
    fn shape(&self, one: &Renamed) -> Vec<usize> {
        let tensors: Vec<&Tensor> = one.from.iter().filter_map(|&place| self.weights.get(self.names[place])).collect();
        one.how.shape(&tensors.iter().map(|tensor| tensor.dims()).collect::<Vec<_>>())
    }

    /// Names of the file that show it to be another network's.
    fn unexpected(&self, graph: &Graph, head: HeadRule) -> Vec<String> {
        let specs = graph.params();
        let known: HashSet<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        let modules: HashSet<&str> = known.iter().map(|name| module(name)).collect();
        let backbone = specs.iter().filter(|spec| spec.part == Part::Backbone);
        let stems: HashSet<(&str, bool)> = backbone.map(|spec| stem(&spec.name)).collect();
        let own_names = self.translation.naming.is_none() && self.translation.prefix.is_empty() && !self.translation.as_encoder;
        // Where something is missing, all that is there instead says what the file is.
        let other = !self.misfit.is_empty();
        let strange = |one: &&Renamed| match head {
            _ if known.contains(one.name.as_str()) => false,
            _ if other => true,
            HeadRule::Keep if own_names => true,
            _ => stems.contains(&stem(&one.name)) && !modules.contains(module(&one.name)),
        };
        let mut names: Vec<String> = self.translation.renamed.iter().filter(strange).map(|one| one.name.clone()).collect();
        names.sort();
        names
    }

    /// What is taken over, what is not, and why.
    pub fn loading(&self) -> Loading {
        let from = |one: &Renamed| one.from.iter().map(|&place| self.names[place].to_owned()).collect();
        let loaded = self.taken.iter().map(|(spec, place, adaptation)| {
            let one = &self.translation.renamed[*place];
            let ways = one.how.words().map(str::to_owned).into_iter().chain(adaptation.map(|adaptation| adaptation.to_string()));
            let adapted = ways.collect::<Vec<_>>().join(", then ");
            Loaded {
                name: spec.name.clone(),
                shape: spec.shape.clone(),
                from: from(one),
                adapted: (!adapted.is_empty()).then_some(adapted),
            }
        });
        let used: HashSet<usize> =
            self.taken.iter().flat_map(|(_, place, _)| self.translation.renamed[*place].from.iter().copied()).collect();
        let heads: HashSet<&str> = self.fresh.iter().map(|one| one.name.as_str()).collect();
        let replaced: HashSet<usize> = self
            .translation
            .renamed
            .iter()
            .filter(|one| heads.contains(one.name.as_str()))
            .flat_map(|one| one.from.iter().copied())
            .collect();
        let unused = self.names.iter().enumerate().filter(|(place, _)| !used.contains(place)).map(|(place, name)| LeftOut {
            name: (*name).to_owned(),
            shape: self.weights.get(name).map(|tensor| tensor.dims().to_vec()),
            reason: if replaced.contains(&place) { "the head of other classes" } else { "not in the network" }.to_owned(),
        });
        let others =
            self.weights.others().iter().map(|(name, kind)| LeftOut { name: name.clone(), shape: None, reason: format!("of type {kind}") });
        Loading {
            source: self.weights.source().to_owned(),
            under: self.weights.under().to_vec(),
            naming: self.translation.naming,
            prefix: self.translation.prefix.clone(),
            loaded: loaded.collect(),
            fresh: self.fresh.clone(),
            left_out: unused.chain(others).collect(),
        }
    }

    /// The network's parameters, f32 in main memory, in state-dict order.
    pub fn tensors(&self) -> impl Iterator<Item = Result<(&str, Tensor), Error>> {
        self.taken.iter().map(|(spec, place, adaptation)| {
            let tensor = self.made(&self.translation.renamed[*place])?;
            let tensor = adaptation.map_or(Ok(tensor.clone()), |adaptation| adapt::adapt(&tensor, adaptation, &spec.shape))?;
            Ok((spec.name.as_str(), tensor))
        })
    }

    fn made(&self, one: &Renamed) -> Result<Tensor, Error> {
        let parts: Vec<&Tensor> = one.from.iter().filter_map(|&place| self.weights.get(self.names[place])).collect();
        Ok(match (one.how, parts.as_slice()) {
            (How::Joined { zeros: true }, [q, v]) => Tensor::cat(&[*q, &Tensor::zeros(q.dims(), DType::F32, &Device::Cpu)?, *v], 0)?,
            (How::Joined { .. }, parts) => Tensor::cat(parts, 0)?,
            (How::WithFirstRow, [token, table]) => (*token + table.narrow(1, 0, 1)?)?,
            (How::WithoutFirstRow, [table]) => table.narrow(1, 1, table.dim(1)? - 1)?.contiguous()?,
            (_, parts) => parts.first().map_or_else(|| Tensor::zeros(0, DType::F32, &Device::Cpu), |tensor| Ok((*tensor).clone()))?,
        })
    }
}

/// A parameter's name without its own last part.
fn module(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(module, _)| module)
}

/// The first part of a name, after what says that it is an encoder's.
fn stem(name: &str) -> (&str, bool) {
    let (name, inside) = names::inside(name);
    (name.split('.').next().unwrap_or(name), inside.is_some())
}

#[cfg(test)]
mod tests;
