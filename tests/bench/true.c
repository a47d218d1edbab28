/* The payload: a program that does nothing, without the start-up of a C library. */
int main(void)
{
	return 0;
}
