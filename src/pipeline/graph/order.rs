//! An order in which every stage comes after those it needs, without recursion.

/// All stages; the order of the input decides where it may.
///
/// # Errors
/// The stages of one circle, each needing the next, the last the first.
pub fn sort(needs: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut state = vec![State::New; needs.len()];
    let mut order = Vec::with_capacity(needs.len());
    for start in 0..needs.len() {
        if state[start] != State::New {
            continue;
        }
        // Each open stage with how many of its needs were followed.
        let mut path = vec![(start, 0)];
        state[start] = State::Open;
        while let Some((stage, next)) = path.last_mut() {
            let Some(&needed) = needs[*stage].get(*next) else {
                state[*stage] = State::Done;
                order.push(*stage);
                path.pop();
                continue;
            };
            *next += 1;
            match state[needed] {
                State::Done => {}
                State::New => {
                    state[needed] = State::Open;
                    path.push((needed, 0));
                }
                State::Open => {
                    let from = path.iter().position(|(stage, _)| *stage == needed).unwrap_or(0);
                    return Err(path[from..].iter().map(|(stage, _)| *stage).collect());
                }
            }
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::sort;

    #[test]
    fn needs_come_first_and_circles_are_named() {
        assert_eq!(sort(&[vec![2], vec![], vec![1]]), Ok(vec![1, 2, 0]));
        assert_eq!(sort(&[vec![], vec![2], vec![3], vec![1]]), Err(vec![1, 2, 3]));
        assert_eq!(sort(&[vec![0]]), Err(vec![0]));
    }

    #[test]
    fn a_long_chain_does_not_exhaust_the_stack() {
        let needs: Vec<Vec<usize>> = (0..100_000).map(|i| if i + 1 < 100_000 { vec![i + 1] } else { vec![] }).collect();
        assert_eq!(sort(&needs).unwrap().first(), Some(&99_999));
    }
}
