/* The init image's bytes, linked into the library. */
#ifndef HK_INIT_IMAGE_H
#define HK_INIT_IMAGE_H

extern const unsigned char hk_init_image_begin[];
extern const unsigned char hk_init_image_end[];

#endif
