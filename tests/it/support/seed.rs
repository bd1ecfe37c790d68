//! Chance in tests that can be repeated: `cargo test` always takes the same, a campaign takes more of
//! it, and whatever fails says how to see it again.
//!
//! `TATUSCAN_TEST_ROUNDS=200` runs two hundred rounds of each test that has rounds;
//! `TATUSCAN_TEST_SEED=7` begins with the seed 7, and each round takes the next one.

use std::io::Write as _;
use std::ops::Range;

use proptest::prelude::Rng as _;
use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// How many rounds a campaign runs: short by default, TATUSCAN_TEST_ROUNDS for the long one.
pub(crate) fn rounds(default: u64) -> u64 {
    from_environment("TATUSCAN_TEST_ROUNDS").unwrap_or(default)
}

/// The seed of the first round.
pub(crate) fn seed() -> u64 {
    from_environment("TATUSCAN_TEST_SEED").unwrap_or(1)
}

fn from_environment(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is {text:?}, but takes a number")))
}

/// One round of a campaign: a test does everything by its chance, so that its seed repeats it. When
/// the test fails while this is there, the command that repeats the round is printed.
pub(crate) struct Round {
    pub(crate) seed: u64,
    random: TestRunner,
    test: String,
}

/// The rounds of the test that runs on this thread, so many unless the environment says otherwise.
pub(crate) fn campaign(default: u64) -> impl Iterator<Item = Round> {
    let first = seed();
    (first..first.saturating_add(rounds(default))).map(Round::new)
}

/// As [`campaign`], after rounds whose seeds found something once.
pub(crate) fn campaign_after(found: &[u64], default: u64) -> impl Iterator<Item = Round> {
    let is_one = from_environment("TATUSCAN_TEST_SEED").is_some();
    let found: Vec<_> = if is_one { Vec::new() } else { found.to_vec() };
    found.into_iter().map(Round::new).chain(campaign(default))
}

impl Round {
    pub(crate) fn new(seed: u64) -> Self {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let random = TestRunner::new_with_rng(Config::default(), random);
        // The harness names a test's thread after it.
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        Self { seed, random, test }
    }

    /// A course of its own that has no part in repeating the round.
    pub(crate) fn quiet(seed: u64) -> Self {
        let mut round = Self::new(seed);
        round.test.clear();
        round
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.random.rng().next_u64() % end.max(1)
    }

    /// A place in a list of so many.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap()
    }

    /// A number in this range.
    pub(crate) fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.below(range.end - range.start)
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// A value as the strategy makes them.
    pub(crate) fn any<S: Strategy>(&mut self, strategy: S) -> S::Value {
        strategy.new_tree(&mut self.random).unwrap().current()
    }

    /// Chance for what runs beside the round and must not change its course.
    pub(crate) fn apart(&mut self) -> TestRng {
        let mut seed = [0; 32];
        self.random.rng().fill_bytes(&mut seed);
        TestRng::from_seed(RngAlgorithm::ChaCha, &seed)
    }

    /// The command that does this round again.
    pub(crate) fn command(&self) -> String {
        let Self { seed, test, .. } = self;
        format!("TATUSCAN_TEST_SEED={seed} TATUSCAN_TEST_ROUNDS=1 cargo test --test it {test}")
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.test.is_empty() {
            let _ = writeln!(std::io::stderr(), "to see this again: {}", self.command());
        }
    }
}

#[test]
fn a_seed_repeats_a_round_and_another_one_does_not() {
    let course = |seed| {
        let mut round = Round::new(seed);
        (0..8).map(|_| round.below(1_000_000)).collect::<Vec<_>>()
    };
    assert_eq!(course(7), course(7));
    assert_ne!(course(7), course(8));
    let command = Round::new(7).command();
    let test = "support::seed::a_seed_repeats_a_round_and_another_one_does_not";
    assert!(command.starts_with("TATUSCAN_TEST_SEED=7 TATUSCAN_TEST_ROUNDS=1 "), "{command}");
    assert!(command.ends_with(test), "{command}");
}
