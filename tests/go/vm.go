// SPDX-License-Identifier: BSD-2-Clause

// Runs classic BPF programs on golang.org/x/net/bpf, to compare with our go
// dialect. A line in is "code,jt,jf,k ...|hex ..." (- is an empty packet); a
// line out is "reject", or "ok" and for each packet the verdict, or E where
// the VM met an instruction that it does not know. With the argument "print"
// a line in is "code jt jf k", a line out what that instruction prints.
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

func program(text string) []bpf.Instruction {
	var filter []bpf.Instruction
	for _, item := range strings.Fields(text) {
		var field [4]uint64
		for i, digits := range strings.SplitN(item, ",", 4) {
			field[i], _ = strconv.ParseUint(digits, 10, 32)
		}
		raw := bpf.RawInstruction{Op: uint16(field[0]), Jt: uint8(field[1]),
			Jf: uint8(field[2]), K: uint32(field[3])}
		filter = append(filter, raw.Disassemble())
	}
	return filter
}

func run(vm *bpf.VM, packet string) string {
	data, _ := hex.DecodeString(strings.TrimPrefix(packet, "-"))
	verdict, err := vm.Run(data)
	if err != nil {
		return "E"
	}
	return strconv.Itoa(verdict)
}

func print(line string, out *bufio.Writer) {
	for _, instruction := range program(strings.Join(strings.Fields(line), ",")) {
		fmt.Fprintln(out, instruction)
	}
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		if len(os.Args) > 1 {
			print(in.Text(), out)
			continue
		}
		parts := strings.SplitN(in.Text(), "|", 2)
		vm, err := bpf.NewVM(program(parts[0]))
		if err != nil {
			fmt.Fprintln(out, "reject")
			continue
		}
		fmt.Fprint(out, "ok")
		for _, packet := range strings.Fields(parts[1]) {
			fmt.Fprint(out, " ", run(vm, packet))
		}
		fmt.Fprintln(out)
	}
}
