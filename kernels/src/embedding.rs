//! Rows of tables by number: positions of tokens, biases of attention by relative position.

use rayon::prelude::*;

use super::arithmetic::{add_bias, bias_gradient};
use super::layout::transpose;
use super::sizes::volume;

/// `x [n, tokens, c] + table [tokens, c]`.
pub fn add_positions(x: &[f32], table: &[f32]) -> Vec<f32> {
    add_bias(x, table)
}

/// Gradient of the table: the sum over the images.
pub fn position_gradient(dy: &[f32], len: usize) -> Vec<f32> {
    bias_gradient(dy, len)
}

/// Rows `numbers` of `table [entries, columns]`; panics at one that the table does not have.
pub fn gather(table: &[f32], columns: usize, numbers: &[u32]) -> Vec<f32> {
    assert!(numbers.iter().all(|&number| volume([number as usize + 1, columns]) <= table.len()), "a number of no row");
    let mut y = vec![0.0; volume([numbers.len(), columns])];
    y.par_chunks_mut(columns.max(1)).with_min_len(64).zip(numbers).for_each(|(y, &number)| {
        y.copy_from_slice(&table[number as usize * columns..][..columns]);
    });
    y
}

/// Gradient of the table: each entry's rows of `dy`, added in f64 in their order. Panics as [`gather`] does.
pub fn scatter(dy: &[f32], columns: usize, numbers: &[u32], entries: usize) -> Vec<f32> {
    assert_eq!(dy.len(), volume([numbers.len(), columns]));
    assert!(numbers.iter().all(|&number| (number as usize) < entries), "a number of no row");
    let (starts, places) = by_entry(numbers, entries);
    let mut dtable = vec![0.0; volume([entries, columns])];
    dtable.par_chunks_mut(columns.max(1)).enumerate().for_each_init(
        || vec![0f64; columns],
        |sums, (entry, dtable)| {
            sums.fill(0.0);
            for &place in &places[starts[entry]..starts[entry + 1]] {
                sums.iter_mut().zip(&dy[place * columns..][..columns]).for_each(|(sum, &dy)| *sum += f64::from(dy));
            }
            dtable.iter_mut().zip(&*sums).for_each(|(to, &sum)| *to = sum as f32);
        },
    );
    dtable
}

/// The places of each entry's number, in order, and where each entry's start.
fn by_entry(numbers: &[u32], entries: usize) -> (Vec<usize>, Vec<usize>) {
    let mut starts = vec![0; entries + 1];
    numbers.iter().for_each(|&number| starts[number as usize + 1] += 1);
    (0..entries).for_each(|entry| starts[entry + 1] += starts[entry]);
    let (mut next, mut places) = (starts.clone(), vec![0; numbers.len()]);
    for (place, &number) in numbers.iter().enumerate() {
        places[next[number as usize]] = place;
        next[number as usize] += 1;
    }
    (starts, places)
}

/// Biases of attention `[heads, tokens, tokens]` from `table [entries, heads]` and `numbers [tokens * tokens]`.
pub fn relative_bias(table: &[f32], heads: usize, numbers: &[u32]) -> Vec<f32> {
    transpose(&gather(table, heads, numbers), numbers.len(), heads)
}

/// Gradient of the table from that of the biases.
pub fn relative_bias_gradient(dbias: &[f32], heads: usize, numbers: &[u32], entries: usize) -> Vec<f32> {
    scatter(&transpose(dbias, heads, numbers.len()), heads, numbers, entries)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, each, same_for_any_threads, values, wide};
    use super::*;

    fn numbers(len: usize, entries: usize, salt: u64) -> Vec<u32> {
        values(len, salt).iter().map(|x| ((x + 2.0) / 4.0 * entries as f32) as u32 % entries as u32).collect()
    }

    #[test]
    fn rows_are_found_and_their_gradients_come_back() {
        each(40, (1usize..30, 0usize..40, 0usize..200), |isa, (entries, columns, count)| {
            let (table, numbers) = (values(entries * columns, 1), numbers(count, entries, 2));
            let y = gather(&table, columns, &numbers);
            assert!((0..y.len()).all(|i| y[i] == table[numbers[i / columns] as usize * columns + i % columns]), "{isa:?}");
            let dy = values(y.len(), 3);
            let mut dtable = vec![0.0; table.len()];
            wide(&dy).iter().enumerate().for_each(|(i, dy)| dtable[numbers[i / columns] as usize * columns + i % columns] += dy);
            close(&format!("{isa:?}"), &scatter(&dy, columns, &numbers, entries), &dtable, 1e-7);
        });
    }

    #[test]
    fn relative_biases_are_lookups() {
        each(40, (1usize..30, 1usize..9, 0usize..12), |isa, (entries, heads, tokens)| {
            let (table, numbers) = (values(entries * heads, 1), numbers(tokens * tokens, entries, 2));
            let bias = relative_bias(&table, heads, &numbers);
            let at = |i: usize| numbers[i % (tokens * tokens)] as usize * heads + i / (tokens * tokens);
            assert!(bias.len() == heads * tokens * tokens && (0..bias.len()).all(|i| bias[i] == table[at(i)]), "{isa:?}");
            let dbias = values(bias.len(), 3);
            let mut dtable = vec![0.0; table.len()];
            wide(&dbias).iter().enumerate().for_each(|(i, d)| dtable[at(i)] += d);
            close(&format!("{isa:?}"), &relative_bias_gradient(&dbias, heads, &numbers, entries), &dtable, 1e-7);
        });
    }

    #[test]
    fn positions_are_added_to_every_image() {
        each(40, (0usize..20, 0usize..9, 1usize..20), |isa, (n, tokens, c)| {
            let (x, table) = (values(n * tokens * c, 1), values(tokens * c, 2));
            let y = add_positions(&x, &table);
            assert!((0..x.len()).all(|i| y[i] == x[i] + table[i % table.len()]), "{isa:?}");
            let mut sums = vec![0.0; table.len()];
            wide(&x).iter().enumerate().for_each(|(i, x)| sums[i % (tokens * c)] += x);
            close(&format!("{isa:?}"), &position_gradient(&x, table.len()), &sums, 1e-6);
        });
    }

    #[test]
    fn threads_do_not_change_bits() {
        let (dy, numbers) = (values(5000 * 24, 1), numbers(5000, 300, 2));
        each(1, 0usize..1, |_, _| {
            same_for_any_threads(|| vec![scatter(&dy, 24, &numbers, 300), gather(&dy, 24, &numbers), position_gradient(&dy, 2400)]);
        });
    }
}
