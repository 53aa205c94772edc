/* Only the simplified interface (png_image) is used: it returns errors and needs no setjmp. */
#include <png.h>
