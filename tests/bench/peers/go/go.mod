module smplist-bench

go 1.26

require (
	github.com/gaissmai/bart v0.30.0
	github.com/yl2chen/cidranger v1.0.2
)
