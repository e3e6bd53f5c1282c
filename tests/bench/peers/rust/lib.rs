// SPDX-License-Identifier: MIT
//! Longest-prefix tables written in Rust, behind the C interface of `tests/bench/plugin.h`.
//!
//! The loops stand on this side of the interface, so a call from one language into another is paid once for each mix and
//! not once for each query.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{c_char, c_int, c_void};
use std::hint::black_box;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};

use ip_network::{Ipv4Network, Ipv6Network};
use ip_network_table::IpNetworkTable;
use ip_network_table_deps_treebitmap::IpLookupTable;
use prefix_trie::PrefixMap;

/// `struct bench_prefix`
#[repr(C)]
pub struct Prefix {
    hi: u64,
    lo: u64,
    length: u32,
    value: u32,
}

/// Counts what the structures hold; every allocation of this library passes here.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        System.alloc(layout)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        System.dealloc(pointer, layout)
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        HELD.fetch_add(size, Ordering::Relaxed);
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        System.realloc(pointer, layout, size)
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// An address as the queries hold it.
trait Key: Copy {
    /// The same address, but not known before `on` is; `on` is zero.
    fn after(self, on: u64) -> Self;
}

#[derive(Clone, Copy)]
#[repr(transparent)]
struct Key4(u32);

#[derive(Clone, Copy)]
#[repr(C)]
struct Key6 {
    hi: u64,
    lo: u64,
}

impl Key for Key4 {
    #[inline(always)]
    fn after(self, on: u64) -> Self {
        Key4(self.0 ^ on as u32)
    }
}

impl Key for Key6 {
    #[inline(always)]
    fn after(self, on: u64) -> Self {
        Key6 {
            hi: self.hi ^ on,
            lo: self.lo,
        }
    }
}

impl Key6 {
    #[inline(always)]
    fn number(self) -> u128 {
        u128::from(self.hi) << 64 | u128::from(self.lo)
    }
}

impl From<&Prefix> for Key4 {
    fn from(prefix: &Prefix) -> Self {
        Key4(prefix.lo as u32)
    }
}

impl From<&Prefix> for Key6 {
    fn from(prefix: &Prefix) -> Self {
        Key6 {
            hi: prefix.hi,
            lo: prefix.lo,
        }
    }
}

/// A longest-prefix table over one kind of key.
trait Table<K> {
    fn empty() -> Self;
    fn insert(&mut self, at: K, length: u32, value: u16);
    fn find(&self, key: K) -> u16;
}

type Bitmap4 = IpLookupTable<Ipv4Addr, u16>;
type Bitmap6 = IpLookupTable<Ipv6Addr, u16>;
type Trie4 = PrefixMap<(u32, u8), u16>;
type Trie6 = PrefixMap<(u128, u8), u16>;

impl Table<Key4> for Bitmap4 {
    fn empty() -> Self {
        Self::new()
    }
    fn insert(&mut self, at: Key4, length: u32, value: u16) {
        self.insert(Ipv4Addr::from(at.0), length, value);
    }
    #[inline]
    fn find(&self, key: Key4) -> u16 {
        self.longest_match(Ipv4Addr::from(key.0))
            .map_or(0, |(_, _, &value)| value)
    }
}

impl Table<Key6> for Bitmap6 {
    fn empty() -> Self {
        Self::new()
    }
    fn insert(&mut self, at: Key6, length: u32, value: u16) {
        self.insert(Ipv6Addr::from(at.number()), length, value);
    }
    #[inline]
    fn find(&self, key: Key6) -> u16 {
        self.longest_match(Ipv6Addr::from(key.number()))
            .map_or(0, |(_, _, &value)| value)
    }
}

impl Table<Key4> for Trie4 {
    fn empty() -> Self {
        Self::new()
    }
    fn insert(&mut self, at: Key4, length: u32, value: u16) {
        self.insert((at.0, length as u8), value);
    }
    #[inline]
    fn find(&self, key: Key4) -> u16 {
        self.get_lpm(&(key.0, 32)).map_or(0, |(_, &value)| value)
    }
}

impl Table<Key6> for Trie6 {
    fn empty() -> Self {
        Self::new()
    }
    fn insert(&mut self, at: Key6, length: u32, value: u16) {
        self.insert((at.number(), length as u8), value);
    }
    #[inline]
    fn find(&self, key: Key6) -> u16 {
        self.get_lpm(&(key.number(), 128))
            .map_or(0, |(_, &value)| value)
    }
}

impl Table<Key4> for IpNetworkTable<u16> {
    fn empty() -> Self {
        Self::new()
    }
    fn insert(&mut self, at: Key4, length: u32, value: u16) {
        let network = Ipv4Network::new_truncate(Ipv4Addr::from(at.0), length as u8);
        self.insert(network.expect("a length of at most 32"), value);
    }
    #[inline]
    fn find(&self, key: Key4) -> u16 {
        self.longest_match_ipv4(Ipv4Addr::from(key.0))
            .map_or(0, |(_, &value)| value)
    }
}

impl Table<Key6> for IpNetworkTable<u16> {
    fn empty() -> Self {
        Self::new()
    }
    fn insert(&mut self, at: Key6, length: u32, value: u16) {
        let network = Ipv6Network::new_truncate(Ipv6Addr::from(at.number()), length as u8);
        self.insert(network.expect("a length of at most 128"), value);
    }
    #[inline]
    fn find(&self, key: Key6) -> u16 {
        self.longest_match_ipv6(Ipv6Addr::from(key.number()))
            .map_or(0, |(_, &value)| value)
    }
}

/// A table behind the two ways of asking.
trait Built {
    unsafe fn latency(&self, queries: *const c_void, n: usize) -> u64;
    unsafe fn single(&self, queries: *const c_void, n: usize, out: *mut u16);
}

struct Of<K, T>(T, std::marker::PhantomData<K>);

impl<K: Key, T: Table<K>> Built for Of<K, T> {
    unsafe fn latency(&self, queries: *const c_void, n: usize) -> u64 {
        let zero: u64 = black_box(0); // the compiler does not know that it is zero
        let (mut sum, mut last) = (0, 0);
        for query in run(queries.cast::<K>(), n) {
            last = u64::from(self.0.find(query.after(last & zero)));
            sum += last;
        }
        sum
    }

    unsafe fn single(&self, queries: *const c_void, n: usize, out: *mut u16) {
        if n == 0 {
            return;
        }
        let out = slice::from_raw_parts_mut(out, n);
        for (query, answer) in run(queries.cast::<K>(), n).iter().zip(out) {
            *answer = self.0.find(*query);
        }
    }
}

/// `n` items that C owns; a run of none may be a null pointer.
unsafe fn run<'a, T>(first: *const T, n: usize) -> &'a [T] {
    if n == 0 {
        &[]
    } else {
        slice::from_raw_parts(first, n)
    }
}

fn build<K, T>(prefixes: &[Prefix]) -> Box<dyn Built>
where
    K: Key + for<'a> From<&'a Prefix> + 'static,
    T: Table<K> + 'static,
{
    let mut table = T::empty();
    for prefix in prefixes {
        table.insert(K::from(prefix), prefix.length, prefix.value as u16);
    }
    Box::new(Of(table, std::marker::PhantomData))
}

type Build = fn(&[Prefix]) -> Box<dyn Built>;

/// One structure: its name and how it is built for IPv4 and IPv6.
struct Structure {
    name: &'static [u8],
    ipv4: Build,
    ipv6: Build,
}

static STRUCTURES: [Structure; 3] = [
    Structure {
        name: b"Rust treebitmap\0",
        ipv4: build::<Key4, Bitmap4>,
        ipv6: build::<Key6, Bitmap6>,
    },
    Structure {
        name: b"Rust prefix-trie\0",
        ipv4: build::<Key4, Trie4>,
        ipv6: build::<Key6, Trie6>,
    },
    Structure {
        name: b"Rust ip_network_table\0",
        ipv4: build::<Key4, IpNetworkTable<u16>>,
        ipv6: build::<Key6, IpNetworkTable<u16>>,
    },
];

fn structure(which: c_int) -> Option<&'static Structure> {
    usize::try_from(which)
        .ok()
        .and_then(|at| STRUCTURES.get(at))
}

#[no_mangle]
pub extern "C" fn bench_name(which: c_int) -> *const c_char {
    structure(which).map_or(std::ptr::null(), |found| found.name.as_ptr().cast())
}

/// # Safety
/// `prefixes` are `n` prefixes without host bits, `bytes` is null or can be written.
#[no_mangle]
pub unsafe extern "C" fn bench_build(
    which: c_int,
    family: c_int,
    prefixes: *const Prefix,
    n: usize,
    bytes: *mut usize,
) -> *mut c_void {
    let Some(found) = structure(which) else {
        return std::ptr::null_mut();
    };
    let before = HELD.load(Ordering::Relaxed);
    let built = match family {
        4 => (found.ipv4)(run(prefixes, n)),
        6 => (found.ipv6)(run(prefixes, n)),
        _ => return std::ptr::null_mut(),
    };
    if !bytes.is_null() {
        *bytes = HELD.load(Ordering::Relaxed).saturating_sub(before);
    }
    Box::into_raw(Box::new(built)).cast()
}

/// # Safety
/// `built` is from `bench_build`, `queries` are `n` of its family.
#[no_mangle]
pub unsafe extern "C" fn bench_latency(
    built: *mut c_void,
    queries: *const c_void,
    n: usize,
) -> u64 {
    (*built.cast::<Box<dyn Built>>()).latency(queries, n)
}

/// # Safety
/// `built` is from `bench_build`, `queries` are `n` of its family, `out` has room for `n` answers.
#[no_mangle]
pub unsafe extern "C" fn bench_single(
    built: *mut c_void,
    queries: *const c_void,
    n: usize,
    out: *mut u16,
) {
    (*built.cast::<Box<dyn Built>>()).single(queries, n, out);
}

/// # Safety
/// `built` is null or from `bench_build`, and nobody uses it any more.
#[no_mangle]
pub unsafe extern "C" fn bench_free(built: *mut c_void) {
    if !built.is_null() {
        drop(Box::from_raw(built.cast::<Box<dyn Built>>()));
    }
}
