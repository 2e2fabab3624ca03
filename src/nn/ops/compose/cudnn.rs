//! Convolutions on CUDA by cuDNN, all three of them: the image and its two gradients.
//!
//! f32 throughout, sums included (no TF32), and by algorithms that give the same bits every time. cuDNN's heuristics choose once for
//! each shape; what they chose and the memory to work in are kept for the thread, as is the library's handle, which is the thread's.
#![allow(unsafe_code)] // cuDNN reads and writes memory of the device by descriptors of it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use candle_core::backend::BackendStorage;
use candle_core::cuda_backend::DeviceId;
use candle_core::cuda_backend::cudarc::cudnn::safe::{
    ConvBackwardData, ConvBackwardFilter, ConvDescriptor, ConvForward, Cudnn, FilterDescriptor, TensorDescriptor,
};
use candle_core::cuda_backend::cudarc::cudnn::sys::{
    cudnnConvolutionBwdDataAlgo_t as DataAlgorithm, cudnnConvolutionBwdFilterAlgo_t as FilterAlgorithm,
    cudnnConvolutionFwdAlgo_t as Algorithm, cudnnConvolutionMode_t, cudnnMathType_t, cudnnTensorFormat_t,
};
use candle_core::cuda_backend::cudarc::driver::{CudaSlice, CudaView};
use candle_core::{CpuStorage, CudaDevice, CudaStorage, CustomOp2, Error, Layout, Result, Shape, Tensor, bail};
use derm_kernels::conv::Geometry;

use super::taps::shifted;

/// `x [n, h, w, in]` and `weight [out, in / groups, kh, kw]`, both on CUDA, to `[n, h', w', out]`.
///
/// cuDNN pads both ends of an axis alike; what `g` reads beyond is added before.
pub fn convolution(x: &Tensor, weight: &Tensor, g: &Geometry) -> Result<Tensor> {
    let (mut planes, mut g) = (x.permute((0, 3, 1, 2))?, *g);
    for axis in 0..2 {
        let reach = (g.output[axis] - 1) * g.stride[axis] + (g.kernel[axis] - 1) * g.dilation[axis] + 1;
        let alike = g.input[axis] + 2 * g.pad[axis];
        // As many outputs as there are to be, and not one more.
        if (alike < reach) || (alike - reach) / g.stride[axis] + 1 != g.output[axis] {
            planes = shifted(&planes, axis + 2, g.pad[axis], reach, 0.0)?;
            (g.input[axis], g.pad[axis]) = (reach, 0);
        }
    }
    let y = planes.contiguous()?.apply_op2(&weight.contiguous()?, Pass { which: Which::Forward, g })?;
    y.permute((0, 2, 3, 1))?.contiguous()
}

/// Which of a convolution's three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Which {
    /// Image and weight to the result.
    Forward,
    /// The result's gradient and the weight to the image's gradient.
    Image,
    /// The image and the result's gradient to the weight's gradient.
    Weight,
}

/// All tensors are `[n, channels, h, w]`.
struct Pass {
    which: Which,
    g: Geometry,
}

impl Pass {
    fn image(&self) -> [usize; 4] {
        [self.g.n, self.g.groups * self.g.c_in, self.g.input[0], self.g.input[1]]
    }

    fn weight(&self) -> [usize; 4] {
        [self.g.groups * self.g.c_out, self.g.c_in, self.g.kernel[0], self.g.kernel[1]]
    }

    fn result(&self) -> [usize; 4] {
        [self.g.n, self.g.groups * self.g.c_out, self.g.output[0], self.g.output[1]]
    }

    /// Shapes of both arguments and of what comes out.
    fn shapes(&self) -> [[usize; 4]; 3] {
        match self.which {
            Which::Forward => [self.image(), self.weight(), self.result()],
            Which::Image => [self.result(), self.weight(), self.image()],
            Which::Weight => [self.image(), self.result(), self.weight()],
        }
    }

    fn gradient(&self, which: Which, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        a.detach().contiguous()?.apply_op2(&b.detach().contiguous()?, Pass { which, g: self.g })
    }
}

impl CustomOp2 for Pass {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        bail!("cuDNN works on CUDA alone")
    }

    fn cuda_fwd(&self, a: &CudaStorage, a_layout: &Layout, b: &CudaStorage, b_layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let [a_shape, b_shape, shape] = self.shapes();
        let (a_view, b_view) = (values(a, a_layout, a_shape)?, values(b, b_layout, b_shape)?);
        let device = a.device().clone();
        // SAFETY: cuDNN writes every value, for it adds to 0 times what was there.
        let mut out = unsafe { device.alloc::<f32>(shape.iter().product()) }?;
        KEPT.with_borrow_mut(|kept| {
            let kept = match kept.entry(device.id()) {
                std::collections::hash_map::Entry::Occupied(kept) => kept.into_mut(),
                std::collections::hash_map::Entry::Vacant(slot) => slot.insert(Kept::new(&device)?),
            };
            kept.run(&device, self, &a_view, &b_view, &mut out)
        })?;
        Ok((CudaStorage::wrap_cuda_slice(out, device), shape.as_slice().into()))
    }

    fn bwd(&self, x: &Tensor, weight: &Tensor, _: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dx = x.track_op().then(|| self.gradient(Which::Image, dy, weight)).transpose()?;
        let dw = weight.track_op().then(|| self.gradient(Which::Weight, x, dy)).transpose()?;
        Ok((dx, dw))
    }
}

/// A contiguous tensor's values, held to be as many as its shape says.
fn values<'a>(storage: &'a CudaStorage, layout: &Layout, shape: [usize; 4]) -> Result<CudaView<'a, f32>> {
    match layout.contiguous_offsets() {
        Some((start, end)) if layout.dims() == shape => Ok(storage.as_cuda_slice::<f32>()?.slice(start..end)),
        _ => bail!("cuDNN was given {:?} instead of {shape:?}", layout.dims()),
    }
}

thread_local! {
    static KEPT: RefCell<HashMap<DeviceId, Kept>> = RefCell::default();
}

/// What a thread keeps for a device.
struct Kept {
    library: Arc<Cudnn>,
    choices: HashMap<(Which, Geometry), Choice>,
    workspace: Option<CudaSlice<u8>>,
}

/// An algorithm and the bytes it works in.
#[derive(Clone, Copy)]
enum Choice {
    Forward(Algorithm, usize),
    Image(DataAlgorithm, usize),
    Weight(FilterAlgorithm, usize),
}

struct Descriptors {
    image: TensorDescriptor<f32>,
    weight: FilterDescriptor<f32>,
    result: TensorDescriptor<f32>,
    conv: ConvDescriptor<f32>,
}

impl Kept {
    fn new(device: &CudaDevice) -> Result<Self> {
        Ok(Self { library: Cudnn::new(device.cuda_stream()).map_err(Error::wrap)?, choices: HashMap::new(), workspace: None })
    }

    fn run(&mut self, device: &CudaDevice, pass: &Pass, a: &CudaView<f32>, b: &CudaView<f32>, out: &mut CudaSlice<f32>) -> Result<()> {
        let Descriptors { image, weight, result, conv } = &self.describe(pass)?;
        let forward = ConvForward { conv, x: image, w: weight, y: result };
        let to_image = ConvBackwardData { conv, dx: image, w: weight, dy: result };
        let to_weight = ConvBackwardFilter { conv, x: image, dw: weight, dy: result };
        let key = (pass.which, pass.g);
        let choice = match self.choices.get(&key) {
            Some(choice) => *choice,
            None => {
                let choice = match pass.which {
                    Which::Forward => {
                        let algorithm = forward.pick_algorithm().map_err(Error::wrap)?;
                        Choice::Forward(algorithm, forward.get_workspace_size(algorithm).map_err(Error::wrap)?)
                    }
                    Which::Image => {
                        let algorithm = same_bits_to_image(to_image.pick_algorithm().map_err(Error::wrap)?);
                        Choice::Image(algorithm, to_image.get_workspace_size(algorithm).map_err(Error::wrap)?)
                    }
                    Which::Weight => {
                        let algorithm = same_bits_to_weight(to_weight.pick_algorithm().map_err(Error::wrap)?);
                        Choice::Weight(algorithm, to_weight.get_workspace_size(algorithm).map_err(Error::wrap)?)
                    }
                };
                self.choices.insert(key, choice);
                choice
            }
        };
        let (Choice::Forward(_, bytes) | Choice::Image(_, bytes) | Choice::Weight(_, bytes)) = choice;
        let workspace = workspace(&mut self.workspace, device, bytes)?;
        let once = (1.0f32, 0.0f32);
        // SAFETY: `values` held both arguments to the shapes that the descriptors say, and `out` was allocated with its own. All run
        // on the device's one stream, so nobody else uses the workspace meanwhile.
        let done = unsafe {
            match choice {
                Choice::Forward(algorithm, _) => forward.launch(algorithm, workspace, once, a, b, out),
                Choice::Image(algorithm, _) => to_image.launch(algorithm, workspace, once, out, b, a),
                Choice::Weight(algorithm, _) => to_weight.launch(algorithm, workspace, once, a, out, b),
            }
        };
        done.map_err(Error::wrap)
    }

    fn describe(&self, pass: &Pass) -> Result<Descriptors> {
        let g = &pass.g;
        let four = |shape: [usize; 4]| Ok::<_, Error>([int(shape[0])?, int(shape[1])?, int(shape[2])?, int(shape[3])?]);
        let two = |pair: [usize; 2]| Ok::<_, Error>([int(pair[0])?, int(pair[1])?]);
        let (order, mode) = (cudnnTensorFormat_t::CUDNN_TENSOR_NCHW, cudnnConvolutionMode_t::CUDNN_CROSS_CORRELATION);
        let mut conv = self.library.create_conv2d::<f32>(two(g.pad)?, two(g.stride)?, two(g.dilation)?, mode).map_err(Error::wrap)?;
        conv.set_group_count(int(g.groups)?).map_err(Error::wrap)?;
        conv.set_math_type(cudnnMathType_t::CUDNN_FMA_MATH).map_err(Error::wrap)?;
        Ok(Descriptors {
            image: self.library.create_4d_tensor(order, four(pass.image())?).map_err(Error::wrap)?,
            weight: self.library.create_4d_filter(order, four(pass.weight())?).map_err(Error::wrap)?,
            result: self.library.create_4d_tensor(order, four(pass.result())?).map_err(Error::wrap)?,
            conv,
        })
    }
}

/// The first algorithm and the fourth add in no fixed order.
fn same_bits_to_image(algorithm: DataAlgorithm) -> DataAlgorithm {
    match algorithm {
        DataAlgorithm::CUDNN_CONVOLUTION_BWD_DATA_ALGO_0 => DataAlgorithm::CUDNN_CONVOLUTION_BWD_DATA_ALGO_1,
        other => other,
    }
}

fn same_bits_to_weight(algorithm: FilterAlgorithm) -> FilterAlgorithm {
    match algorithm {
        FilterAlgorithm::CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0 | FilterAlgorithm::CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3 => {
            FilterAlgorithm::CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1
        }
        other => other,
    }
}

/// Memory of at least so many bytes; none where none is needed.
fn workspace<'a>(kept: &'a mut Option<CudaSlice<u8>>, device: &CudaDevice, bytes: usize) -> Result<Option<&'a mut CudaSlice<u8>>> {
    if bytes == 0 {
        return Ok(None);
    }
    if kept.as_ref().is_none_or(|kept| kept.len() < bytes) {
        // The old one goes first: there may be no room for both.
        *kept = None;
        // SAFETY: cuDNN takes its workspace as it is.
        *kept = Some(unsafe { device.alloc::<u8>(bytes) }?);
    }
    Ok(kept.as_mut())
}

/// As C counts.
fn int(length: usize) -> Result<i32> {
    i32::try_from(length).map_err(|_| Error::Msg(format!("{length} is more than cuDNN can count")))
}
