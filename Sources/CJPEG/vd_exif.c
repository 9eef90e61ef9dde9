// The orientation tag of EXIF: tag 0x0112 of the first directory of the TIFF structure in an APP1
// segment (CIPA DC-008, "Exif 2.32", 4.5 and 4.6.4). Nothing else of EXIF matters to us.
#include "vd_jpeg.h"

#include <string.h>

static const uint16_t orientation_tag = 0x0112;
static const uint16_t short_type = 3;

static uint32_t load(const uint8_t *p, size_t bytes, int big_endian) {
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | p[big_endian ? i : bytes - 1 - i];
    return value;
}

uint32_t vd_exif_orientation(const uint8_t *payload, size_t count) {
    static const uint8_t magic[6] = {'E', 'x', 'i', 'f', 0, 0};
    if (count < sizeof magic + 8 || memcmp(payload, magic, sizeof magic) != 0)
        return 0;
    const uint8_t *tiff = payload + sizeof magic;
    size_t size = count - sizeof magic;

    int big_endian = tiff[0] == 'M';
    if (tiff[1] != tiff[0] || (!big_endian && tiff[0] != 'I') ||
        load(tiff + 2, 2, big_endian) != 42)
        return 0;
    size_t directory = load(tiff + 4, 4, big_endian);
    if (directory > size - 2)
        return 0;
    size_t entries = load(tiff + directory, 2, big_endian);
    size_t room = (size - directory - 2) / 12;
    if (entries > room)
        entries = room;
    for (size_t i = 0; i < entries; i++) {
        const uint8_t *entry = tiff + directory + 2 + i * 12;
        if (load(entry, 2, big_endian) != orientation_tag)
            continue;
        uint32_t value = load(entry + 8, 2, big_endian);
        int valid = load(entry + 2, 2, big_endian) == short_type && value >= 1 && value <= 8;
        return valid ? value : 0;
    }
    return 0;
}
