//! How far two spellings are apart: for "did you mean".

/// The edit distance with swapped neighbours as one step.
pub fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![vec![0_usize; right.len() + 1]; left.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let changed = usize::from(left[i - 1] != right[j - 1]);
            let mut best =
                (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + changed);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
}

/// The three candidates at most that are near enough to be meant, the nearest first.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<&'c str> {
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
        .map(|candidate| {
            // Half of a name is as near as two wrong letters.
            let part = word.len() >= 3 && (candidate.contains(word) || word.contains(candidate));
            let steps = distance(word, candidate);
            (if part { steps.min(2) } else { steps }, candidate)
        })
        .filter(|(steps, candidate)| *steps <= (candidate.len() / 3).max(2))
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_is_one_step() {
        assert_eq!(distance("lisetn", "listen"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn the_nearest_come_first() {
        let names = ["page.viewed", "page.left", "ui.clicked", "commerce.purchase"];
        assert_eq!(nearest("page.veiwed", names), ["page.viewed"]);
        assert_eq!(nearest("purchase", names), ["commerce.purchase"]);
        assert_eq!(nearest("nothing_like_it", names), Vec::<&str>::new());
    }
}
