/* The payload: a program that does nothing; or, where it is given an argument, that waits. */
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		pause();
	return 0;
}
