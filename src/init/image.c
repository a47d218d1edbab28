/* Links the bytes of the init image (HAKO_INIT_IMAGE, a path from the build) into the library. */
#include "init/image.h"

__asm__(".section .rodata.hk_init_image, \"a\", @progbits\n"
	".balign 4096\n"
	".globl hk_init_image_begin\n"
	".hidden hk_init_image_begin\n"
	"hk_init_image_begin:\n"
	".incbin \"" HAKO_INIT_IMAGE "\"\n"
	".globl hk_init_image_end\n"
	".hidden hk_init_image_end\n"
	"hk_init_image_end:\n"
	".byte 0\n"
	".previous\n");
