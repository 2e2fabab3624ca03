//! Advice for the errors of [`crate::nn`].

use super::{Explain, Failure};
use crate::commands::Exit;
use crate::nn::error::{Error, HubFault, Misfit, Suggestion, TorchFault};
use crate::text;

impl Explain for Error {
    fn explain(self) -> Failure {
        let failure = Failure::from_chain(&self);
        match self {
            Self::UnknownArchitecture { suggestion: Suggestion(Some(name)), .. } => {
                failure.hint(format!("did you mean `{name}`?")).with_exit(Exit::Usage)
            }
            Self::UnknownArchitecture { suggestion: Suggestion(None), .. } => {
                failure.hint("`derm model zoo` lists the networks there are").with_exit(Exit::Usage)
            }
            Self::UnknownTag { architecture, known, .. } => {
                let names: Vec<String> = known.iter().map(|tag| format!("{architecture}.{tag}")).collect();
                failure
                    .hint(match names.is_empty() {
                        true => format!("it has none: write `{architecture}` alone"),
                        false => format!("there are {}", text::quoted_list(&names)),
                    })
                    .with_exit(Exit::Usage)
            }
            Self::Classes(_) => failure.hint("a dataset to learn from has images of at least two classes").with_exit(Exit::Usage),
            Self::InputTooSmall { .. } => failure.hint("choose a larger input size").with_exit(Exit::Usage),
            Self::InputMultiple { multiple, .. } => failure.hint(format!("choose a multiple of {multiple}")).with_exit(Exit::Usage),
            Self::InputSize { .. } => failure.hint("train the network at the size of these images").with_exit(Exit::Usage),
            Self::NoFusion { .. } => failure.hint("leave `--metadata` out").with_exit(Exit::Usage),
            Self::Argument { .. } => failure.with_exit(Exit::Usage),
            Self::Misfit { source_name, architecture, misfit, only_head, belongs_to } => {
                let failure = Failure::usage(format!("the weights in `{source_name}` do not fit `{architecture}`"));
                let failure = misfit.lines().into_iter().fold(failure, Failure::cause);
                failure.hint(match belongs_to {
                    _ if only_head => "only the classifier differs: load these weights with a new head for your classes".to_owned(),
                    Some(owner) if owner != architecture => format!("these are the weights of `{owner}`: `--network {owner}`"),
                    _ => "names and shapes must be those of a network that `derm model zoo` lists".to_owned(),
                })
            }
            Self::Io { .. } | Self::OptimiserState(_) | Self::Operation(_) | Self::Tensor(_) | Self::InsideGroup { .. } => failure,
            Self::NoSideHeads { .. } => {
                failure.hint("leave `--deep-supervision` out, or take a U-Net of `derm model zoo`").with_exit(Exit::Usage)
            }
            Self::CpuOnly { .. } => failure.hint("leave `--device` out").with_exit(Exit::Usage),
            Self::Safetensors { .. } => failure.hint("the file may be cut short: fetch it again").with_exit(Exit::Usage),
            Self::Torch { fault, .. } => advise_torch(failure.with_exit(Exit::Usage), fault),
            Self::HubSpec { .. } => failure.hint("write `owner/name`, for example `timm/resnet18.a1_in1k`").with_exit(Exit::Usage),
            Self::Hub { fault, .. } => advise(failure, &fault),
            Self::Bundle { .. } => failure.hint("train or check out the model again").with_exit(Exit::Usage),
            Self::Workspace(error) => error.explain(),
        }
    }
}

/// How the writer of a PyTorch file makes one that derm reads.
const SAVE: &str = "save the weights alone: `torch.save(model.state_dict(), FILE)`, or as safetensors";

fn advise_torch(failure: Failure, fault: TorchFault) -> Failure {
    match fault {
        TorchFault::Class { .. } | TorchFault::Opcode { .. } => {
            failure.hint("do not load this file with Python unless you trust who made it: it may run any program").hint(SAVE)
        }
        TorchFault::NoStateDict { keys } if !keys.is_empty() => {
            failure.cause(format!("its keys are {}", text::some_of(&keys, Misfit::SHOWN))).hint(SAVE)
        }
        TorchFault::NoStateDict { .. } | TorchFault::Ambiguous { .. } | TorchFault::Script | TorchFault::Tar | TorchFault::PlainPickle => {
            failure.hint(SAVE)
        }
        TorchFault::NoPickle => failure.hint("if it is an archive of other files, unpack it first"),
        _ => failure.hint("the file may be cut short or damaged: fetch it again"),
    }
}

fn advise(failure: Failure, fault: &HubFault) -> Failure {
    match fault {
        HubFault::NotFound => failure.hint("check the name, the revision after `@` and the file after `:`"),
        HubFault::Denied { with_token: false } => failure.hint("set HF_TOKEN to a token that may read this repository"),
        HubFault::Denied { with_token: true } => failure.hint("accept the model's terms on the hub, or use another token in HF_TOKEN"),
        HubFault::Offline => failure.hint("unset HF_HUB_OFFLINE once, or give the path of a safetensors file"),
        HubFault::Changed => failure.hint("run the command again; a commit after `@` stays what it is"),
        HubFault::Status(429) => failure.hint("the hub has had enough requests from here: try again later, or set HF_TOKEN"),
        HubFault::Truncated => failure.hint("run the command again: the download goes on where it stopped"),
        HubFault::WrongHash { .. } => failure.hint("the damaged file was removed: run the command again"),
        HubFault::Status(_) | HubFault::Transport(_) => {
            failure.hint("check the network and HF_ENDPOINT, or give the path of a safetensors file instead of a hub name")
        }
    }
}
