//! Every operation's value against plain loops and PyTorch's figures, its gradients against central differences over drawn
//! shapes, and what it refuses. `interop/operations.py` compares all of them with PyTorch itself.

mod activation;
mod attention;
mod branch;
mod catalogue;
mod conv;
mod factors;
mod forms;
mod fused;
mod loss;
mod norm;
mod planes;
mod pool;
mod precision;
mod refused;
mod resize;
mod support;
mod tokens;
mod windows;
