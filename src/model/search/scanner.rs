//! The characters of a search, one after the other.

use super::error::Wrong;

/// A place in a text.
pub(super) struct Scanner {
    characters: Vec<char>,
    at: usize,
}

impl Scanner {
    pub(super) fn new(text: &str) -> Self {
        Self { characters: text.chars().collect(), at: 0 }
    }

    /// Characters before this place.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &[char] {
        &self.characters[self.at..]
    }

    /// Goes to what is no space; whether there is any.
    pub(super) fn skip_space(&mut self) -> bool {
        self.at += self.length_while(|c| c.is_whitespace());
        !self.rest().is_empty()
    }

    pub(super) fn skip(&mut self, characters: usize) {
        self.at = (self.at + characters).min(self.characters.len());
    }

    pub(super) fn begins_with(&self, c: char) -> bool {
        self.rest().first() == Some(&c)
    }

    /// Whether so many characters on there is a space or the end.
    pub(super) fn ends_after(&self, characters: usize) -> bool {
        self.rest().get(characters).is_none_or(|c| c.is_whitespace())
    }

    /// What comes before the next space.
    pub(super) fn peek_word(&self) -> String {
        self.rest().iter().take_while(|c| !c.is_whitespace()).collect()
    }

    /// Takes what comes before the next space or comma.
    pub(super) fn until_comma(&mut self) -> String {
        let from = self.at;
        self.at += self.length_while(|c| !c.is_whitespace() && c != ',');
        self.characters[from..self.at].iter().collect()
    }

    /// Takes what stands in the quotes that begin here; in them, `\"` is a quote and `\\` a
    /// backslash.
    pub(super) fn quoted(&mut self) -> Result<String, Wrong> {
        let from = self.at;
        let mut text = String::new();
        self.skip(1);
        loop {
            match *self.rest() {
                ['"', ..] => {
                    self.skip(1);
                    return Ok(text);
                }
                ['\\', c @ ('"' | '\\'), ..] => {
                    text.push(c);
                    self.skip(2);
                }
                [c, ..] => {
                    text.push(c);
                    self.skip(1);
                }
                [] => {
                    let message = "The quote that begins here is not closed: add \" where it ends";
                    return Err(Wrong::new(from..self.at, message));
                }
            }
        }
    }

    fn length_while(&self, holds: impl Fn(char) -> bool) -> usize {
        self.rest().iter().take_while(|c| holds(**c)).count()
    }
}
