/* The dynamically linked form of a hako that is linked statically, which it carries as bytes. */
#ifndef CLI_DYNAMIC_H
#define CLI_DYNAMIC_H

/* Both NULL where the program has none: it is linked dynamically. */
extern const unsigned char dynamic_image_begin[] __attribute__((weak));
extern const unsigned char dynamic_image_end[] __attribute__((weak));

#endif
