/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens sockets with filters, for tests that look for them, and keeps them
 * open until its standard input ends.
 *
 *	plant [KIND=FILE]... [many=N]
 *
 * KIND is udp, tcp, raw (ICMP), packet, unix; flight, a packet socket that is
 * under way in a message and open nowhere; thread, a UDP socket in a thread
 * that has left the process' table. FILE is the program. many: so many sockets
 * without a filter. Says "KIND FD" of each, then "ready".
 */
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cbpf/cbpf.h"

static int open_socket(const char *kind)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd;

	if (strcmp(kind, "packet") == 0 || strcmp(kind, "flight") == 0)
		return socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP));
	if (strcmp(kind, "raw") == 0)
		return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	if (strcmp(kind, "unix") == 0)
		return socket(AF_UNIX, SOCK_DGRAM, 0);
	fd = socket(AF_INET, strcmp(kind, "tcp") ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	return fd;
}

/* Sends a descriptor to nobody who reads, and closes it. */
static int send_off(int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} rights = { .head = { .cmsg_level = SOL_SOCKET,
			       .cmsg_type = SCM_RIGHTS,
			       .cmsg_len = CMSG_LEN(sizeof(int)) } };
	char byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &rights,
				  .msg_controllen = sizeof(rights) };
	int ends[2];

	memcpy(CMSG_DATA(&rights.head), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0 ||
	    sendmsg(ends[0], &message, 0) < 0)
		return -1;
	close(fd);
	return ends[1];
}

static int plant(const char *kind, const char *path)
{
	static char text[65536];
	FILE *file = fopen(path, "rb");
	size_t size = file ? fread(text, 1, sizeof(text), file) : 0;
	struct cbpf_code code;
	int fd = open_socket(kind);

	if (file)
		fclose(file);
	if (fd < 0 || cbpf_text_read(CBPF_FORMAT_AUTO, text, size, NULL, &code,
				     NULL) != CBPF_OK)
		return -1;
	if (cbpf_attach(fd, code.insns, code.n, NULL) != CBPF_OK)
		return -1;
	cbpf_code_free(&code);
	return strcmp(kind, "flight") == 0 ? send_off(fd) : fd;
}

struct planted {
	const char *path;
	int fd;
	pthread_barrier_t done;
};

static void *plant_apart(void *ctx)
{
	struct planted *p = ctx;

	p->fd = unshare(CLONE_FILES) < 0 ? -1 : plant("udp", p->path);
	pthread_barrier_wait(&p->done);
	pause();
	return NULL;
}

static int plant_in_thread(const char *path)
{
	static struct planted p;
	pthread_t thread;

	p.path = path;
	pthread_barrier_init(&p.done, NULL, 2);
	if (pthread_create(&thread, NULL, plant_apart, &p) != 0)
		return -1;
	pthread_barrier_wait(&p.done);
	return p.fd;
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	char byte;

	setrlimit(RLIMIT_NOFILE, &files);
	for (int i = 1; i < argc; i++) {
		char *equals = strchr(argv[i], '=');
		int fd = 0;

		if (!equals)
			return 2;
		*equals = '\0';
		if (strcmp(argv[i], "many") == 0) {
			for (int n = atoi(equals + 1); n > 0 && fd >= 0; n--)
				fd = open_socket(n % 2 ? "udp" : "unix");
		} else {
			fd = strcmp(argv[i], "thread") == 0
				     ? plant_in_thread(equals + 1)
				     : plant(argv[i], equals + 1);
			printf("%s %d\n", argv[i], fd);
		}
		if (fd < 0) {
			fprintf(stderr, "plant: %s cannot be opened\n",
				argv[i]);
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	return read(STDIN_FILENO, &byte, 1) < 0;
}
