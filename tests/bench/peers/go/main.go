// SPDX-License-Identifier: MIT

// Command main is no command: it is longest-prefix tables written in Go, as a shared library behind the C interface of
// tests/bench/plugin.h.
//
// The loops stand on this side of the interface, so that a call from one language into another is paid once for each mix
// and not once for each query. What C gets for a table is a number, never a pointer of Go, so it is declared as one.
package main

// #include <stddef.h>
// #include <stdint.h>
//
// struct prefix { uint64_t hi, lo; uint32_t length; uint32_t value; };
import "C"

import (
	"encoding/binary"
	"net"
	"net/netip"
	"runtime"
	"runtime/cgo"
	"unsafe"

	"github.com/gaissmai/bart"
	"github.com/yl2chen/cidranger"
)

// key6 is an IPv6 address as the queries hold it.
type key6 struct{ hi, lo uint64 }

// bytes gives the address in the order of the network.
func (k key6) bytes() (out [16]byte) {
	binary.BigEndian.PutUint64(out[:8], k.hi)
	binary.BigEndian.PutUint64(out[8:], k.lo)
	return out
}

// bytes4 gives an IPv4 address in the order of the network.
func bytes4(k uint32) (out [4]byte) {
	binary.BigEndian.PutUint32(out[:], k)
	return out
}

// table is a longest-prefix table; either half is asked about its own family only.
type table interface {
	insert(prefix netip.Prefix, value uint16)
	find4(key uint32) uint16
	find6(key key6) uint16
}

type bartTable struct{ bart.Table[uint16] }

func (t *bartTable) insert(prefix netip.Prefix, value uint16) { t.Insert(prefix, value) }

func (t *bartTable) find4(key uint32) uint16 {
	value, _ := t.Lookup(netip.AddrFrom4(bytes4(key)))
	return value
}

func (t *bartTable) find6(key key6) uint16 {
	value, _ := t.Lookup(netip.AddrFrom16(key.bytes()))
	return value
}

type bartFast struct{ bart.Fast[uint16] }

func (t *bartFast) insert(prefix netip.Prefix, value uint16) { t.Insert(prefix, value) }

func (t *bartFast) find4(key uint32) uint16 {
	value, _ := t.Lookup(netip.AddrFrom4(bytes4(key)))
	return value
}

func (t *bartFast) find6(key key6) uint16 {
	value, _ := t.Lookup(netip.AddrFrom16(key.bytes()))
	return value
}

// ranger has no call for the longest prefix: it lists all prefixes around an address, the longest last. It takes every
// address of ::ffff:0:0/96 for IPv4, so it cannot hold IPv6 prefixes around these.
type ranger struct{ cidranger.Ranger }

type rangerEntry struct {
	network net.IPNet
	value   uint16
}

func (e *rangerEntry) Network() net.IPNet { return e.network }

func (t *ranger) insert(prefix netip.Prefix, value uint16) {
	mask := net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())
	entry := &rangerEntry{net.IPNet{IP: prefix.Addr().AsSlice(), Mask: mask}, value}
	if err := t.Insert(entry); err != nil {
		panic(err)
	}
}

func (t *ranger) find(ip net.IP) uint16 {
	found, err := t.ContainingNetworks(ip)
	if err != nil {
		panic(err)
	}
	if len(found) == 0 {
		return 0
	}
	return found[len(found)-1].(*rangerEntry).value
}

func (t *ranger) find4(key uint32) uint16 {
	octets := bytes4(key)
	return t.find(octets[:])
}

func (t *ranger) find6(key key6) uint16 {
	octets := key.bytes()
	return t.find(octets[:])
}

// built is a table with its loops. They reach the look-up through a function value, which costs a nanosecond or two of the
// dozens that the look-up takes.
type built struct {
	latency func(queries unsafe.Pointer, n int) uint64
	single  func(queries unsafe.Pointer, n int, out []uint16)
}

// hidden gives zero, and the compiler does not know.
//
//go:noinline
func hidden() uint64 { return never }

var never uint64

func loops4(find func(uint32) uint16) built {
	return built{
		func(queries unsafe.Pointer, n int) uint64 {
			zero := uint32(hidden())
			var sum uint64
			var last uint32
			for _, q := range unsafe.Slice((*uint32)(queries), n) {
				last = uint32(find(q ^ last&zero))
				sum += uint64(last)
			}
			return sum
		},
		func(queries unsafe.Pointer, n int, out []uint16) {
			for i, q := range unsafe.Slice((*uint32)(queries), n) {
				out[i] = find(q)
			}
		},
	}
}

func loops6(find func(key6) uint16) built {
	return built{
		func(queries unsafe.Pointer, n int) uint64 {
			zero := hidden()
			var sum, last uint64
			for _, q := range unsafe.Slice((*key6)(queries), n) {
				last = uint64(find(key6{q.hi ^ last&zero, q.lo}))
				sum += last
			}
			return sum
		},
		func(queries unsafe.Pointer, n int, out []uint16) {
			for i, q := range unsafe.Slice((*key6)(queries), n) {
				out[i] = find(q)
			}
		},
	}
}

func loops(family int, t table) built {
	if family == 4 {
		return loops4(t.find4)
	}
	return loops6(t.find6)
}

// structures are the names, which C keeps, and how an empty table is made.
var structures = []struct {
	name  *C.char
	empty func() table
}{
	{C.CString("Go bart.Table"), func() table { return new(bartTable) }},
	{C.CString("Go bart.Fast"), func() table { return new(bartFast) }},
	{C.CString("Go cidranger"), func() table { return &ranger{cidranger.NewPCTrieRanger()} }},
}

// heap is the number of bytes that are in use after all garbage has gone.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func prefixOf(family int, p *C.struct_prefix) netip.Prefix {
	address := netip.AddrFrom4(bytes4(uint32(p.lo)))
	if family == 6 {
		address = netip.AddrFrom16(key6{uint64(p.hi), uint64(p.lo)}.bytes())
	}
	return netip.PrefixFrom(address, int(p.length))
}

//export bench_name
func bench_name(which C.int) *C.char {
	if which < 0 || int(which) >= len(structures) {
		return nil
	}
	return structures[which].name
}

//export bench_build
func bench_build(which, family C.int, prefixes *C.struct_prefix, n C.size_t, bytes *C.size_t) C.uintptr_t {
	if which < 0 || int(which) >= len(structures) || family != 4 && family != 6 {
		return 0
	}
	before := heap()
	t := structures[which].empty()
	given := unsafe.Slice(prefixes, int(n))
	for i := range given {
		t.insert(prefixOf(int(family), &given[i]), uint16(given[i].value))
	}
	if after := heap(); bytes != nil {
		*bytes = C.size_t(max(after, before) - before)
	}
	return C.uintptr_t(cgo.NewHandle(loops(int(family), t)))
}

func behind(handle C.uintptr_t) built { return cgo.Handle(handle).Value().(built) }

//export bench_latency
func bench_latency(handle C.uintptr_t, queries unsafe.Pointer, n C.size_t) C.uint64_t {
	return C.uint64_t(behind(handle).latency(queries, int(n)))
}

//export bench_single
func bench_single(handle C.uintptr_t, queries unsafe.Pointer, n C.size_t, out *C.uint16_t) {
	behind(handle).single(queries, int(n), unsafe.Slice((*uint16)(unsafe.Pointer(out)), int(n)))
}

//export bench_free
func bench_free(handle C.uintptr_t) {
	if handle != 0 {
		cgo.Handle(handle).Delete()
	}
}

func main() {}
