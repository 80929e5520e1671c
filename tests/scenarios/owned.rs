//! owned - Rust as it is written: what owners keep, and what they only use
//!
//! NAME SECONDS [SCALE], as the scenarios in C; ticks that were missed are made up for.
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

struct Ticks {
    start: Instant,
    seconds: f64,
    per_second: f64,
    count: u64,
}

impl Iterator for Ticks {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.count += 1;
        let due = self.count as f64 / self.per_second;
        if due > self.seconds {
            return None;
        }
        let wait = due - self.start.elapsed().as_secs_f64();
        if wait > 0.0 {
            thread::sleep(Duration::from_secs_f64(wait));
        }
        Some(self.count)
    }
}

fn ticks(seconds: f64, per_second: f64) -> Ticks {
    Ticks { start: Instant::now(), seconds, per_second, count: 0 }
}

struct Node {
    name: String,
    peer: RefCell<Option<Rc<Node>>>,
}

#[inline(never)]
fn connect(number: u64) {
    let a = Rc::new(Node { name: format!("left {number}"), peer: RefCell::new(None) });
    let b = Rc::new(Node { name: format!("right {number}"), peer: RefCell::new(Some(a.clone())) });
    *a.peer.borrow_mut() = Some(b.clone());
    assert!(a.name.len() + b.name.len() > 8);
}

fn cycle(seconds: f64, scale: f64) {
    for number in ticks(seconds, 200.0 * scale) {
        connect(number);
    }
}

#[inline(never)]
fn remember(seen: &mut HashMap<String, u64>, number: u64) {
    *seen.entry(format!("client-{number}.example.org")).or_insert(0) += 1;
}

fn map_grows(seconds: f64, scale: f64) {
    let mut seen = HashMap::new();
    for number in ticks(seconds, 400.0 * scale) {
        remember(&mut seen, number);
    }
}

fn window(seconds: f64, scale: f64) {
    let mut last: VecDeque<Vec<u8>> = VecDeque::new();
    for number in ticks(seconds, 600.0 * scale) {
        last.push_back(vec![1; 200 + (number * 37 % 300) as usize]);
        if last.len() > 400 {
            last.pop_front();
        }
    }
}

#[inline(never)]
fn render(rows: u64) -> usize {
    (0..rows).map(|row| format!("{row};{}", row.to_string())).collect::<Vec<_>>().join("\n").len()
}

fn strings(seconds: f64, scale: f64) {
    let mut sum = 0;
    for _ in ticks(seconds, 100.0) {
        sum += render((150.0 * scale) as u64);
    }
    assert!(sum > 0);
}

#[inline(never)]
fn send_event(events: &mpsc::Sender<Box<[u8; 600]>>) {
    events.send(Box::new([7; 600])).unwrap();
}

fn slow_receiver(seconds: f64, scale: f64) {
    let (sender, receiver) = mpsc::channel::<Box<[u8; 600]>>();
    thread::spawn(move || {
        while receiver.recv().is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    for _ in ticks(seconds, 250.0 * scale) {
        send_event(&sender);
    }
    std::process::exit(0);
}

#[inline(never)]
fn forget_buffer(number: u64) {
    let buffer = std::hint::black_box(vec![number as u8; 900]);
    std::mem::forget(buffer);
}

fn forgotten(seconds: f64, scale: f64) {
    for number in ticks(seconds, 300.0 * scale) {
        if number % 10 == 0 {
            forget_buffer(number);
        } else {
            drop(std::hint::black_box(vec![1u8; 900]));
        }
    }
}

/// Who asked when, for each client: regular ones keep a short list, others come once. What is
/// old is purged twice a second.
#[inline(never)]
fn allow(asked: &mut HashMap<String, Vec<u64>>, client: String, now: u64) -> bool {
    let times = asked.entry(client).or_default();
    times.push(now);
    times.len() < 100
}

fn limiter(seconds: f64, scale: f64, purges: bool) {
    let mut asked = HashMap::new();
    for number in ticks(seconds, 500.0 * scale) {
        let client = match number % 5 {
            0 => format!("passer-by {number}"),
            _ => format!("regular {}", number * 7919 % 101),
        };
        allow(&mut asked, client, number);
        if purges && number % 250 == 0 {
            asked.retain(|_, times| {
                times.retain(|time| number - time < 900);
                !times.is_empty()
            });
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let seconds = arguments[2].parse().unwrap();
    let scale = arguments.get(3).map_or(1.0, |text| text.parse().unwrap());
    match arguments[1].as_str() {
        "cycle" => cycle(seconds, scale),
        "map-grows" => map_grows(seconds, scale),
        "window" => window(seconds, scale),
        "strings" => strings(seconds, scale),
        "slow-receiver" => slow_receiver(seconds, scale),
        "forgotten" => forgotten(seconds, scale),
        "limiter" => limiter(seconds, scale, true),
        "limiter-keeps-all" => limiter(seconds, scale, false),
        other => panic!("no scenario {other}"),
    }
}
