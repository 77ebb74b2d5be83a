// SPDX-License-Identifier: BSD-2-Clause

// golang.org/x/net/bpf behind the line protocol of cbpf(5), as an example:
//
//	go build conformance/adapters/xnet.go
//	cbpf conform --cmd ./xnet conformance/go.jsonl
//
// On Debian: packages golang-go and golang-golang-x-net-dev, and in the
// environment GO111MODULE=off GOPATH=/usr/share/gocode.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/net/bpf"
)

var vm *bpf.VM

func number(digits string, bits int) uint64 {
	n, _ := strconv.ParseUint(digits, 10, bits)
	return n
}

func load(words []string) string {
	var filter []bpf.Instruction
	for _, word := range words[3:] {
		field := strings.Split(word, ",")
		raw := bpf.RawInstruction{Op: uint16(number(field[0], 16)),
			Jt: uint8(number(field[1], 8)), Jf: uint8(number(field[2], 8)),
			K: uint32(number(field[3], 32))}
		filter = append(filter, raw.Disassemble())
	}
	var err error
	if vm, err = bpf.NewVM(filter); err != nil {
		return "reject " + err.Error()
	}
	return "ok"
}

// A machine that meets what it does not know gives 0 and an error: 0 is told.
func run(words []string) string {
	if len(words) > 3 {
		return "skip x/net/bpf knows no context"
	}
	data, _ := hex.DecodeString(strings.TrimPrefix(words[2], "-"))
	if number(words[1], 32) != uint64(len(data)) {
		return "skip x/net/bpf knows no wire length"
	}
	verdict, _ := vm.Run(data)
	return strconv.FormatUint(uint64(uint32(verdict)), 10)
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	for in.Scan() {
		words := strings.Fields(in.Text())
		switch words[0] {
		case "cbpf":
			fmt.Println("x-net-bpf go")
		case "load":
			fmt.Println(load(words))
		case "run":
			fmt.Println(run(words))
		}
	}
}
