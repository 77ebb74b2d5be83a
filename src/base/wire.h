/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers on the wire and of Linux's devices: Ethertypes (IEEE; include/uapi/
 * linux/if_ether.h), what Linux puts in their place for 802.3 frames, and the
 * link types of interfaces (include/uapi/linux/if_arp.h).
 */
#ifndef CBPF_BASE_WIRE_H
#define CBPF_BASE_WIRE_H

#define ETH_802_3   0x0001 /* a length, and raw 802.3 behind */
#define ETH_802_2   0x0004 /* a length, and 802.2 behind */
#define ETH_LENGTHS 0x0600 /* below, the field is a length */
#define ETH_IP	    0x0800
#define ETH_ARP	    0x0806
#define ETH_BATMAN  0x4305
#define ETH_TEB	    0x6558
#define ETH_RARP    0x8035
#define ETH_8021Q   0x8100
#define ETH_IPV6    0x86dd
#define ETH_PPTP    0x880b
#define ETH_MPLS    0x8847
#define ETH_MPLS_MC 0x8848
#define ETH_PPPOE   0x8864
#define ETH_8021AD  0x88a8
#define ETH_TIPC    0x88ca
#define ETH_PTP	    0x88f7
#define ETH_PRP	    0x88fb
#define ETH_CFM	    0x8902
#define ETH_FCOE    0x8906
#define ETH_HSR	    0x892f

/* Linux's own, for frames whose type is a length (if_ether.h) */
#define ETH_RAW_8023 0x0001
#define ETH_LLC	     0x0004

#define ARPHRD_ETHER	1
#define ARPHRD_LOOPBACK 0x304
#define ARPHRD_NONE	0xfffe

#endif
