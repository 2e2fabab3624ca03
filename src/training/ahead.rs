//! Work prepared on a second thread while the first uses what came before, in order.

use std::ops::Range;
use std::sync::mpsc::sync_channel;

/// Pieces that may wait to be used.
const WAITING: usize = 2;

/// Calls `produce` for each index on a second thread, a little ahead, and `consume` with each piece on this one.
///
/// Ends with the first error in the order of indices; a piece after it may have been produced in vain.
pub fn ahead<T, E>(
    indices: Range<usize>,
    produce: impl Fn(usize) -> Result<T, E> + Send,
    mut consume: impl FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E>
where
    T: Send,
    E: Send,
{
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING);
        let range = indices.clone();
        scope.spawn(move || {
            for index in range {
                let piece = produce(index);
                let failed = piece.is_err();
                // The other side hangs up when it has failed.
                if sender.send(piece).is_err() || failed {
                    break;
                }
            }
        });
        // Moved in here, so that an early return hangs up before the scope waits for the second thread.
        let pieces = receiver;
        for (index, piece) in indices.zip(pieces.iter()) {
            consume(index, piece?)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::ahead;

    #[test]
    fn pieces_come_in_order_and_the_first_error_ends_it() {
        let mut seen = Vec::new();
        let all: Result<(), &str> = ahead(
            3..100,
            |i| Ok(i * i),
            |i, square| {
                assert_eq!(square, i * i);
                seen.push(i);
                Ok(())
            },
        );
        assert!(all.is_ok());
        assert_eq!(seen, (3..100).collect::<Vec<_>>());
        assert_eq!(ahead(0..1000, |i| if i == 7 { Err("produce") } else { Ok(i) }, |_, _| Ok(())), Err("produce"));
        assert_eq!(ahead(0..1000, Ok, |i, _| if i == 5 { Err("consume") } else { Ok(()) }), Err("consume"));
    }
}
