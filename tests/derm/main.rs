//! One test binary, so that candle is linked once. Each module says what it holds to be true.

mod support;

mod bad_input; // every kind of bad input gets a clear error, exit code 1 or 2, and nothing lost
mod checkpoints; // PyTorch's files, read without running them
mod commit; // recording what is there without running
mod data; // ingest, split, audit, stats
mod dav; // a server that keeps files, and fails as servers do
mod devices; // whole networks whose operations are composed, as on a GPU
mod drift; // reference against current
mod evaluate; // metrics, tables and pages
mod experiments; // commits beside the branch: run, queue, show, apply, share
mod explain; // where networks look
mod export; // bundles and ONNX
mod faults; // disks, clocks and other programs
mod formats; // stored files of an older or newer version
mod fuzzing; // formats that others may have written
mod gc; // removing objects that nothing needs
mod generated; // completions/ and man pages are what clap's definitions say
mod hub; // weights by hub name, from a loopback server
mod imports; // data of other repositories and of URLs
mod install; // hooks, and git's merges of pointers and locks
mod kills; // kill -9 at random moments loses nothing
mod labels; // images with any number of labels
mod layers; // DESIGN's list of layers, read from src/
mod mask_evaluation; // predicted masks against true ones
mod masks; // networks that draw
mod metadata; // what is known beside images
mod migrate; // DVC projects become repositories, and nothing runs again
mod model; // the zoo
mod names; // unusual names, ignore rules
mod overrides; // parameters set in their files
mod pipeline; // repro, dag, params, metrics, status
mod preparation; // augmentation, colour constancy
mod recipes; // presets, averages, mixed images, sampling
mod remotes; // push, pull, fetch, fsck, and remotes that fail
mod runs; // run files, list, show, compare
mod store; // init, add, status, checkout, diff, doctor
mod sweeps; // searching parameters
mod terminal; // help, JSON, colour, pipes, exit codes
mod tracked; // moving, removing, unprotecting, measuring what is tracked
mod training; // train, resume, kill, threads
mod traps; // candle operations without a right gradient are not called
