// SPDX-License-Identifier: BSD-2-Clause

// What golang.org/x/net/bpf prints of an instruction: a line in is "code jt jf
// k", a line out what String() says of what that is disassembled to.
package main

import (
	"bufio"
	"fmt"
	"os"

	"golang.org/x/net/bpf"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		var raw bpf.RawInstruction
		fmt.Sscan(in.Text(), &raw.Op, &raw.Jt, &raw.Jf, &raw.K)
		fmt.Fprintln(out, raw.Disassemble())
	}
}
