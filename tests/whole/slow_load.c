/* slow_load - a library whose constructor waits, and with it whoever loads something */
void loading_waits(void);

__attribute__((constructor)) static void wait_here(void)
{
	loading_waits();
}
