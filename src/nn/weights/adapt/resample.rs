//! Resampling along one axis as a matrix, `new = matrix * old`, worked out in f64.

/// `[rows, columns]`, row-major.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix {
    pub rows: usize,
    pub columns: usize,
    values: Vec<f64>,
}

/// Keys' cubic with the parameter that PyTorch uses where it antialiases.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    match x.abs() {
        x if x < 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
        x if x < 2.0 => ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A,
        _ => 0.0,
    }
}

impl Matrix {
    fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, values: vec![0.0; rows * columns] }
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    fn set(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.columns + column] = value;
    }

    /// Bicubic with antialiasing, as `torch.nn.functional.interpolate(mode="bicubic", antialias=True)`.
    pub(super) fn cubic(from: usize, to: usize) -> Self {
        let scale = from as f64 / to as f64;
        let wide = scale.max(1.0);
        let mut matrix = Self::zeros(to, from);
        for row in 0..to {
            let centre = scale * (row as f64 + 0.5);
            let start = (centre - 2.0 * wide + 0.5).max(0.0) as usize;
            let end = ((centre + 2.0 * wide + 0.5) as usize).min(from);
            let weights: Vec<f64> = (start..end).map(|column| cubic((column as f64 - centre + 0.5) / wide)).collect();
            let sum: f64 = weights.iter().sum();
            weights.iter().enumerate().for_each(|(i, weight)| matrix.set(row, start + i, weight / sum));
        }
        matrix
    }

    /// Linear between places that stand in a geometric progression around the middle, so that the nearest are a step apart and the
    /// farthest where the new table ends. Both lengths are odd.
    pub(super) fn geometric(from: usize, to: usize) -> Self {
        let (half, reach) = (from / 2, (to / 2) as f64);
        let (mut low, mut high) = (1.01, 1.5);
        let mut ratio = low;
        while high - low > 1e-6 {
            ratio = f64::midpoint(low, high);
            let end = (1.0 - f64::powi(ratio, half as i32)) / (1.0 - ratio);
            if end > reach { high = ratio } else { low = ratio }
        }
        let mut side = Vec::with_capacity(half);
        let mut place = 1.0;
        for i in 0..half {
            side.push(place);
            place += ratio.powi(i as i32 + 1);
        }
        let places: Vec<f64> = side.iter().rev().map(|place| -place).chain([0.0]).chain(side.iter().copied()).collect();
        let mut matrix = Self::zeros(to, from);
        for row in 0..to {
            let x = row as f64 - reach;
            let right = places.partition_point(|&place| place < x).min(from - 1);
            let left = right.saturating_sub(1);
            let (before, after) = ((x - places[left]).max(0.0), (places[right] - x).max(0.0));
            let share = if before + after == 0.0 { 1.0 } else { before / (before + after) };
            matrix.set(row, left, 1.0 - share);
            matrix.set(row, right, matrix.at(row, right) + share);
        }
        matrix
    }

    pub(super) fn transposed(&self) -> Self {
        let mut matrix = Self::zeros(self.columns, self.rows);
        for row in 0..self.rows {
            (0..self.columns).for_each(|column| matrix.set(column, row, self.at(row, column)));
        }
        matrix
    }

    fn times(&self, other: &Self) -> Self {
        let mut product = Self::zeros(self.rows, other.columns);
        for row in 0..self.rows {
            for column in 0..other.columns {
                product.set(row, column, (0..self.columns).map(|i| self.at(row, i) * other.at(i, column)).sum());
            }
        }
        product
    }

    /// Moore and Penrose's, of a matrix of full rank.
    pub(super) fn pseudo_inverse(&self) -> Self {
        let transposed = self.transposed();
        if self.rows >= self.columns {
            transposed.times(self).inverse().times(&transposed)
        } else {
            transposed.times(&self.times(&transposed).inverse())
        }
    }

    /// Gauss and Jordan's way, with the largest pivot of each column.
    fn inverse(&self) -> Self {
        let n = self.rows;
        let (mut left, mut right) = (self.clone(), Self::zeros(n, n));
        (0..n).for_each(|i| right.set(i, i, 1.0));
        for column in 0..n {
            let pivot = (column..n).max_by(|&a, &b| left.at(a, column).abs().total_cmp(&left.at(b, column).abs())).unwrap_or(column);
            for matrix in [&mut left, &mut right] {
                (0..n).for_each(|i| matrix.values.swap(column * n + i, pivot * n + i));
            }
            let scale = left.at(column, column).recip();
            for matrix in [&mut left, &mut right] {
                matrix.values[column * n..(column + 1) * n].iter_mut().for_each(|value| *value *= scale);
            }
            for row in (0..n).filter(|&row| row != column) {
                let factor = left.at(row, column);
                for matrix in [&mut left, &mut right] {
                    (0..n).for_each(|i| matrix.values[row * n + i] -= factor * matrix.values[column * n + i]);
                }
            }
        }
        right
    }
}

/// `down * plane * across^T`.
pub(super) fn both_sides(plane: &[f32], down: &Matrix, across: &Matrix) -> Vec<f32> {
    let plane = Matrix { rows: down.columns, columns: across.columns, values: plane.iter().map(|&value| f64::from(value)).collect() };
    down.times(&plane).times(&across.transposed()).values.iter().map(|&value| value as f32).collect()
}
