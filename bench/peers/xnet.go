// SPDX-License-Identifier: BSD-2-Clause

// golang.org/x/net/bpf as a machine for `cbpf bench --peer` (cbpf(1)): the
// program of $PROGRAM over the packets of $PACKETS, a sample for each line.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"time"

	"golang.org/x/net/bpf"
)

func program() *bpf.VM {
	file, err := os.Open(os.Getenv("PROGRAM"))
	if err != nil {
		log.Fatal(err)
	}
	in := bufio.NewReader(file)
	var n int
	fmt.Fscan(in, &n)
	insns := make([]bpf.Instruction, n)
	for i := range insns {
		var raw bpf.RawInstruction
		fmt.Fscan(in, &raw.Op, &raw.Jt, &raw.Jf, &raw.K)
		insns[i] = raw.Disassemble()
	}
	vm, err := bpf.NewVM(insns)
	if err != nil {
		log.Fatal(err)
	}
	return vm
}

func packets() [][]byte {
	data, err := os.ReadFile(os.Getenv("PACKETS"))
	if err != nil {
		log.Fatal(err)
	}
	var list [][]byte
	for len(data) >= 8 {
		n := binary.LittleEndian.Uint32(data)
		list = append(list, data[8:8+n])
		data = data[8+n:]
	}
	return list
}

func main() {
	vm, list := program(), packets()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var sum uint32
		rounds, start := 0, time.Now()
		for time.Since(start) < 20*time.Millisecond {
			sum = 0
			for _, packet := range list {
				verdict, err := vm.Run(packet)
				if err != nil {
					log.Fatal(err)
				}
				sum += uint32(verdict)
			}
			rounds++
		}
		ns := float64(time.Since(start).Nanoseconds())
		fmt.Println(ns/float64(rounds)/float64(len(list)), sum)
	}
}
