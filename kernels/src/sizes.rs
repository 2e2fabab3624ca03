//! Products of sizes that do not wrap.
//!
//! Kernels check the lengths of slices against products of sizes and then rely on them. A product that wrapped around would let
//! any sizes pass, so one that does not fit is a panic, in release builds too.

/// How many values these sizes make.
///
/// # Panics
///
/// Where that is more than a `usize` holds.
pub(crate) fn volume<const N: usize>(sizes: [usize; N]) -> usize {
    let product = sizes.into_iter().try_fold(1usize, usize::checked_mul);
    // A zero makes nothing of whatever stands beside it.
    product.or_else(|| sizes.contains(&0).then_some(0)).unwrap_or_else(|| panic!("sizes {sizes:?} are too many values"))
}

#[cfg(test)]
mod tests {
    use super::volume;

    #[test]
    fn nothing_wraps() {
        assert_eq!((volume([2, 3, 5]), volume([usize::MAX, 2, 0]), volume::<0>([])), (30, 0, 1));
        assert!(std::panic::catch_unwind(|| volume([1 << 32, 1 << 32])).is_err());
    }
}
