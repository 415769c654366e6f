//! Mutates the corpus: `reelmill-fuzz [MINUTES] [TARGET]`, ten minutes and all targets unless told otherwise.
//!
//! There is no coverage feedback; speed and scripts that stay meaningful make up for some of that. An input that panics, takes longer
//! than ten seconds or more than half a gibibyte (where the system tells) is written into the target's corpus, where it fails `cargo test`
//! until the bug is gone.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use reelmill_fuzz::{TARGETS, Target, memory};

fn main() {
    let mut arguments = env::args().skip(1);
    let minutes: u64 = arguments.next().map_or(10, |minutes| minutes.parse().expect("minutes are a number"));
    let only = arguments.next();
    let chosen: Vec<_> =
        TARGETS.iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only == name)).collect();
    assert!(!chosen.is_empty(), "no such target; there are {:?}", TARGETS.iter().map(|(name, _)| name));

    let share = Duration::from_secs(minutes * 60) / u32::try_from(chosen.len()).expect("a few");
    // The message with its place is printed by the default hook already.
    let failed = chosen.into_iter().filter(|(name, target)| !Fuzzer::new(name).run(*target, share)).count();
    process::exit(i32::from(failed > 0));
}

struct Fuzzer {
    name: &'static str,
    folder: PathBuf,
    corpus: Vec<Vec<u8>>,
    random: Random,
    /// What is being tried, since when.
    current: Arc<Mutex<(Vec<u8>, Instant)>>,
}

impl Fuzzer {
    fn new(name: &'static str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let files = fs::read_dir(&folder).expect("each target has a corpus");
        let read = |entry: Result<fs::DirEntry, _>| {
            fs::read(entry.expect("a folder entry").path()).expect("a readable file")
        };
        let corpus = files.map(read).collect();
        let current = Arc::new(Mutex::new((Vec::new(), Instant::now())));
        Self { name, folder, corpus, random: Random::seeded(), current }
    }

    /// Whether nothing was found in `time`.
    fn run(&mut self, target: Target, time: Duration) -> bool {
        self.watch();
        let (began, mut tries) = (Instant::now(), 0_u64);
        while began.elapsed() < time {
            let input = self.mutation();
            *self.current.lock().expect("no holder panics") = (input.clone(), Instant::now());
            let panicked = panic::catch_unwind(|| target(&input)).is_err();
            self.current.lock().expect("no holder panics").0.clear();
            if panicked {
                println!("{}: {}", self.name, keep(&self.folder, &input).display());
                return false;
            }
            tries += 1;
        }
        println!("{}: {tries} inputs, nothing found", self.name);
        true
    }

    /// Ends with what is being tried once that takes too long or too much.
    fn watch(&self) {
        let (current, folder) = (Arc::clone(&self.current), self.folder.clone());
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_millis(50));
                let (input, since) = &*current.lock().expect("no holder panics");
                if input.is_empty() {
                    continue;
                }
                let what = match memory::resident() {
                    Some(bytes) if bytes > memory::LIMIT => "more than half a gibibyte",
                    _ if since.elapsed() > Duration::from_secs(10) => "more than ten seconds",
                    _ => continue,
                };
                println!("{what}: {}", keep(&folder, input).display());
                process::exit(1);
            }
        });
    }

    /// One or two inputs of the corpus, changed in a few places.
    fn mutation(&mut self) -> Vec<u8> {
        let mut input = self.corpus[self.random.below(self.corpus.len())].clone();
        if self.random.below(4) == 0 {
            let other = &self.corpus[self.random.below(self.corpus.len())];
            let (cut, from) = (self.random.below(input.len() + 1), self.random.below(other.len() + 1));
            input.truncate(cut);
            input.extend_from_slice(&other[from..]);
        }
        for _ in 0..=self.random.below(8) {
            self.change(&mut input);
        }
        input.truncate(4096);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let (random, length) = (&mut self.random, input.len());
        let (from, to) = (random.below(length + 1), random.below(length + 1));
        let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 64));
        match random.below(7) {
            0 if length > 0 => input[random.below(length)] ^= 1 << random.below(8),
            1 if length > 0 => input[random.below(length)] = random.byte(),
            2 if length > 0 => input[random.below(length)] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            3 => drop(input.drain(from..to)),
            4 => input.splice(from..from, input[from..to].to_vec()).for_each(drop),
            5 => input.truncate(from),
            _ => input.insert(from, random.byte()),
        }
    }
}

fn keep(folder: &Path, input: &[u8]) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let path = folder.join(format!("found-{:016x}", hasher.finish()));
    fs::write(&path, input).expect("the corpus is writable");
    path
}

/// `xorshift64*`: quick, and good enough to throw dice.
struct Random(u64);

impl Random {
    fn seeded() -> Self {
        let mut hasher = DefaultHasher::new();
        (process::id(), std::time::SystemTime::now()).hash(&mut hasher);
        Self(hasher.finish() | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn byte(&mut self) -> u8 {
        (self.next() >> 56) as u8
    }

    fn below(&mut self, bound: usize) -> usize {
        ((self.next() >> 33) % bound as u64) as usize
    }
}
