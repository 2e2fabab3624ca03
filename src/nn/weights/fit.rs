//! Whether a file's parameters are a network's, by names and shapes.

use std::collections::HashSet;

use super::Weights;
use crate::nn::graph::{Graph, ParamSpec};
use crate::nn::network::{HeadRule, Part};
use crate::nn::zoo::{self, Architecture};
use crate::nn::{Error, Misfit};

impl Weights {
    /// Whether a network of this graph can take these parameters over; with [`HeadRule::Replace`] only the backbone's count.
    ///
    /// # Errors
    ///
    /// [`Error::Misfit`], with everything that differs and the network that the parameters belong to.
    pub fn check(&self, architecture: &'static Architecture, graph: &Graph, head: HeadRule) -> Result<(), Error> {
        let misfit = self.misfit(graph, head);
        if misfit.is_empty() {
            return Ok(());
        }
        Err(Error::Misfit {
            source_name: self.source().to_owned(),
            architecture: architecture.name,
            misfit: Box::new(misfit),
            only_head: head == HeadRule::Keep && self.misfit(graph, HeadRule::Replace).is_empty(),
            belongs_to: self.owner().map(|owner| owner.name),
        })
    }

    /// How many classes these parameters tell apart as weights of this network; none if its classifier is not among them.
    pub fn classes(&self, architecture: &Architecture) -> Option<usize> {
        self.get(&format!("{}.weight", architecture.classifier))?.dims().first().copied()
    }

    fn misfit(&self, graph: &Graph, head: HeadRule) -> Misfit {
        let specs = graph.params();
        let mut misfit = Misfit::default();
        for ParamSpec { name, shape, .. } in specs.iter().filter(|spec| head == HeadRule::Keep || spec.part == Part::Backbone) {
            match self.get(name) {
                None => misfit.missing.push(name.clone()),
                Some(tensor) if tensor.dims() != shape => {
                    misfit.misshapen.push((name.clone(), tensor.dims().to_vec(), shape.clone()));
                }
                Some(_) => {}
            }
        }
        let known: HashSet<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        misfit.unexpected = self.names().filter(|name| !known.contains(name)).map(str::to_owned).collect();
        misfit
    }

    /// The network whose backbone has exactly these parameters, with a head of any number of classes.
    fn owner(&self) -> Option<&'static Architecture> {
        // Of heads nothing is asked: any number of classes will do.
        zoo::all().find(|own| self.misfit(&own.graph(2), HeadRule::Replace).is_empty())
    }
}
