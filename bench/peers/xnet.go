// SPDX-License-Identifier: BSD-2-Clause

// golang.org/x/net/bpf as a machine for `cbpf bench --peer` (cbpf(1)): the
// program of $PROGRAM over the packets of $PACKETS, a sample of $MS milliseconds
// for each line. It knows no length on the wire: a program that asks for that is
// refused where packets are cut.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"golang.org/x/net/bpf"
)

var isCut, readsLength bool // packets are; the program does

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
		extension, is := insns[i].(bpf.LoadExtension)
		readsLength = readsLength || is && extension.Num == bpf.ExtLen
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
	for len(data) > 0 {
		if len(data) < 8 || uint64(len(data)) < 8+uint64(binary.LittleEndian.Uint32(data)) {
			log.Fatal("the packets are cut short")
		}
		n := binary.LittleEndian.Uint32(data)
		wire := binary.LittleEndian.Uint32(data[4:])
		isCut = isCut || wire != 0 && wire != n
		list = append(list, data[8:8+n])
		data = data[8+n:]
	}
	if len(list) == 0 {
		log.Fatal("no packets")
	}
	return list
}

func milliseconds() time.Duration {
	ms, err := strconv.Atoi(os.Getenv("MS"))
	if err != nil {
		ms = 20
	}
	return time.Duration(ms) * time.Millisecond
}

func main() {
	vm, list, least := program(), packets(), milliseconds()
	if isCut && readsLength {
		log.Fatal("the program asks for the length on the wire, which it does not know")
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var sum uint32
		rounds, start := 0, time.Now()
		for time.Since(start) < least {
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
