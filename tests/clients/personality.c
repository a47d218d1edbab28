/* Asks for a personality that the default seccomp profiles refuse and that needs no capability. */
#include <stdio.h>
#include <sys/personality.h>

int main(void)
{
	if (personality(ADDR_NO_RANDOMIZE) == -1) {
		perror("personality");
		return 1;
	}
	puts("allowed");
	return 0;
}
