//! The Python names that a checkpoint may mention, and what derm makes of each.

use super::super::super::error::TorchFault;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Class {
    /// Called, it gives a mapping.
    Mapping,
    /// `torch.FloatStorage` and its kin, or a dtype.
    Element(Element),
    /// `torch.storage.UntypedStorage`: bytes whose type stands elsewhere.
    Untyped,
    /// `torch._utils._rebuild_tensor` and its later versions.
    Tensor,
    /// `torch._utils._rebuild_tensor_v3`, which names the dtype itself.
    TypedTensor,
    /// Gives its first argument back: a parameter around a tensor.
    Wrapper,
    /// `torch._tensor._rebuild_from_type_v2`: calls its first argument with its third.
    Subclass,
    /// Settings and the like beside the tensors: kept as nothing.
    Inert,
}

/// Type of a storage's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    F32,
    F64,
    F16,
    Bf16,
    /// Integers and truth values: name and bytes of one.
    Whole(&'static str, usize),
}

impl Element {
    /// Bytes of one.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Whole(_, size) => size,
        }
    }
}

/// Looks a name up; a name that is not known ends the reading, since Python would call it.
pub(super) fn find(module: &str, name: &str) -> Result<Class, TorchFault> {
    let class = match module {
        "torch" | "torch.cuda" | "torch.storage" => torch(name),
        "torch._utils" => match name {
            "_rebuild_tensor" | "_rebuild_tensor_v2" => Some(Class::Tensor),
            "_rebuild_tensor_v3" => Some(Class::TypedTensor),
            "_rebuild_parameter" | "_rebuild_parameter_with_state" => Some(Class::Wrapper),
            _ => None,
        },
        "torch._tensor" if name == "_rebuild_from_type_v2" => Some(Class::Subclass),
        "torch.nn.parameter" if matches!(name, "Parameter" | "Buffer") => Some(Class::Inert),
        "collections" if matches!(name, "OrderedDict" | "defaultdict" | "Counter") => Some(Class::Mapping),
        "builtins" | "__builtin__" if name == "dict" => Some(Class::Mapping),
        _ => INERT.iter().any(|(m, names)| *m == module && names.contains(&name)).then_some(Class::Inert),
    };
    class.ok_or_else(|| TorchFault::Class { name: format!("{module}.{name}") })
}

fn torch(name: &str) -> Option<Class> {
    use Element::{Bf16, F16, F32, F64, Whole};
    let element = match name {
        "FloatStorage" | "float32" => F32,
        "DoubleStorage" | "float64" => F64,
        "HalfStorage" | "float16" => F16,
        "BFloat16Storage" | "bfloat16" => Bf16,
        "LongStorage" | "int64" => Whole("int64", 8),
        "IntStorage" | "int32" => Whole("int32", 4),
        "ShortStorage" | "int16" => Whole("int16", 2),
        "CharStorage" | "int8" => Whole("int8", 1),
        "ByteStorage" | "uint8" => Whole("uint8", 1),
        "BoolStorage" | "bool" => Whole("bool", 1),
        "uint16" => Whole("uint16", 2),
        "uint32" => Whole("uint32", 4),
        "uint64" => Whole("uint64", 8),
        "UntypedStorage" => return Some(Class::Untyped),
        "Size" | "device" | "Tensor" => return Some(Class::Inert),
        _ => return None,
    };
    Some(Class::Element(element))
}

/// Data that trainers keep beside the weights. Nothing is called: such a value becomes nothing.
const INERT: &[(&str, &[&str])] = &[
    ("argparse", &["Namespace"]),
    ("types", &["SimpleNamespace"]),
    ("builtins", &["set", "frozenset", "list", "tuple", "int", "float", "complex", "bytearray", "range", "slice"]),
    ("__builtin__", &["set", "frozenset", "list", "tuple", "int", "float", "complex", "bytearray", "slice"]),
    ("pathlib", &["Path", "PosixPath", "PurePosixPath", "PureWindowsPath", "WindowsPath"]),
    ("pathlib._local", &["Path", "PosixPath", "PurePosixPath", "PureWindowsPath", "WindowsPath"]),
    ("datetime", &["datetime", "date", "timedelta"]),
    ("numpy", &["dtype", "ndarray", "float32", "float64", "int64", "bool_"]),
    ("numpy.core.multiarray", &["scalar", "_reconstruct"]),
    ("numpy._core.multiarray", &["scalar", "_reconstruct"]),
    ("numpy.dtypes", &["Float32DType", "Float64DType", "Int64DType"]),
    ("_codecs", &["encode"]),
    ("torch.serialization", &["_get_layout"]),
    ("pytorch_lightning.utilities.parsing", &["AttributeDict"]),
    ("lightning_fabric.utilities.data", &["AttributeDict"]),
    ("lightning.fabric.utilities.data", &["AttributeDict"]),
    ("pytorch_lightning.callbacks.model_checkpoint", &["ModelCheckpoint"]),
    ("pytorch_lightning.callbacks.early_stopping", &["EarlyStopping"]),
];
