/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pair of Ethernet devices in a network namespace of its own, and packet
 * sockets on it. What is sent goes out of the one and comes in at the other;
 * nobody else is there.
 */
#ifndef CBPF_ORACLE_VETH_H
#define CBPF_ORACLE_VETH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"

#define VETH_MTU 65535

/* The incoming device's address: "cbpf" behind a local prefix. */
#define VETH_ADDRESS                               \
	{                                          \
		0x02, 0x63, 0x62, 0x70, 0x66, 0x01 \
	}

struct veth {
	int sender;  /* SOCK_RAW; sends out of the first, receives nothing */
	int witness; /* what judged receives, after it, without a filter */
	int judged;  /* takes filters */
	uint32_t ifindex; /* of the device that the latter two are on */
};

/*
 * Makes them; is_outgoing: the receiving sockets are on the device that the
 * frames leave by. The namespace lives as long as the sockets. A process is
 * started for it, which has ended when this returns: no thread of the caller
 * leaves its own namespace.
 */
CBPF_INTERNAL enum cbpf_err veth_open(bool is_dgram, bool is_outgoing,
				      struct veth *veth,
				      struct cbpf_diag *diag);
CBPF_INTERNAL void veth_close(struct veth *veth);

#endif
