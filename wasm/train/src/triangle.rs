//! Symmetric matrices as their lower triangle, packed by rows: entry `(i, j)`, `j ≤ i`, stands at
//! `i (i + 1) / 2 + j`.

/// Number of entries of a matrix of `dim` rows; also where row `dim` would begin.
#[must_use]
pub const fn triangle(dim: usize) -> usize {
    dim * (dim + 1) / 2
}

/// Place of entry `(i, j)` of either triangle.
#[must_use]
pub const fn entry(i: usize, j: usize) -> usize {
    if j <= i { triangle(i) + j } else { triangle(j) + i }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_the_lower_triangle_follow_each_other_row_by_row() {
        let mut at = 0;
        for i in 0..9 {
            for j in 0..=i {
                assert_eq!((entry(i, j), entry(j, i)), (at, at));
                at += 1;
            }
            assert_eq!(triangle(i + 1), at);
        }
    }
}
