//! Forgetting what held a secret.

/// Writes zeros that the compiler may not leave out as never read.
pub fn wipe(words: &mut [u32]) {
    words.fill(0);
    core::hint::black_box(words);
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_is_left() {
        let mut words = crate::words(70, 1);
        super::wipe(&mut words);
        assert_eq!(words, vec![0; 70]);
    }
}
