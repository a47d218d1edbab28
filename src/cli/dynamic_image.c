/* Links the bytes of the dynamically linked form (HAKO_DYNAMIC_IMAGE, a path from the build) into
 * the statically linked program. */
#include "dynamic.h"

__asm__(".section .rodata.dynamic_image, \"a\", @progbits\n"
	".balign 4096\n"
	".globl dynamic_image_begin\n"
	".hidden dynamic_image_begin\n"
	"dynamic_image_begin:\n"
	".incbin \"" HAKO_DYNAMIC_IMAGE "\"\n"
	".globl dynamic_image_end\n"
	".hidden dynamic_image_end\n"
	"dynamic_image_end:\n"
	".byte 0\n"
	".previous\n");
