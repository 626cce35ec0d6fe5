/* SPDX-License-Identifier: MIT */
/* Reading plain and gz files (formats/gz.h); the numbers of the cases are those
 * of tests/bad_input.md. */
#include "alloc.h"
#include "file.h"
#include "folder.h"
#include "formats/gz.h"
#include "idx_files.h"
#include "suite.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { HEADER = 10, TRAILER = 8 };

static const char text[] = "It is a truth universally acknowledged, that a truth is universal.";

static struct bytes gz_of_text(void)
{
    struct bytes bytes = {0};
    add_gz(&bytes, text, sizeof text);
    return bytes;
}

/* Reads `path` in steps of `step` bytes until it ends or fails. */
static mlp_status read_all(const char *path, size_t step, struct bytes *content, mlp_error *error)
{
    struct mlp_gz *gz;
    content->size = 0;
    mlp_status status = mlp_gz_open(path, &gz, error);
    if (status != MLP_OK) {
        ck_assert_ptr_null(gz);
        return status;
    }
    size_t count = step;
    while (status == MLP_OK && count == step) {
        ck_assert_uint_le(step, BYTES_SIZE - content->size);
        status = mlp_gz_read(gz, content->at + content->size, step, &count, error);
        content->size += count;
    }
    if (status == MLP_OK)
        status = mlp_gz_expect_end(gz, error);
    mlp_gz_close(gz);
    return status;
}

/* However it is read, and nothing is left behind. */
static void assert_reads(const char *path, const void *data, size_t size)
{
    static const size_t steps[] = {1, 2, 7, 1000};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct bytes content;
        mlp_error error;
        long live = mlp_alloc_live();
        mlp_status status = read_all(path, steps[i], &content, &error);
        ck_assert_msg(status == MLP_OK, "%s", error.message);
        ck_assert_uint_eq(content.size, size);
        ck_assert_mem_eq(content.at, data, size);
        ck_assert_int_eq(mlp_alloc_live(), live);
    }
}

static void assert_refused(const char *path, mlp_status status, const char *part)
{
    static const size_t steps[] = {1, 1000};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct bytes content;
        mlp_error error;
        long live = mlp_alloc_live();
        ck_assert_int_eq(read_all(path, steps[i], &content, &error), status);
        assert_error(&error, status, path, part);
        ck_assert_int_eq(mlp_alloc_live(), live);
    }
}

START_TEST(a_gz_file_gives_its_content)
{
    assert_reads(put("a.gz", gz_of_text()), text, sizeof text);
    assert_reads(put("a", gz_of_text()), text, sizeof text);
}
END_TEST

START_TEST(empty_content_is_no_error)
{
    struct bytes bytes = {0};
    assert_reads(put("plain", bytes), "", 0);
    add_gz(&bytes, "", 0);
    assert_reads(put("packed", bytes), "", 0);
}
END_TEST

START_TEST(optional_header_fields_are_skipped)
{
    struct bytes whole = gz_of_text(), bytes = {0};
    add_hex(&bytes, "1f 8b 08 1e 00000000 00 03" /* CRC, extra, name, comment */
                    "0300 aabbcc 6100 636400");
    unsigned long crc = crc32(0, bytes.at, (unsigned)bytes.size);
    unsigned char low[2] = {crc & 0xff, crc >> 8 & 0xff};
    add(&bytes, low, 2);
    size_t crc_at = bytes.size - 2;
    add(&bytes, whole.at + HEADER, whole.size - HEADER);
    assert_reads(put("good.gz", bytes), text, sizeof text);
    bytes.at[crc_at] ^= 1;
    assert_refused(put("bad.gz", bytes), MLP_ERROR_DATA, "header crc mismatch");
}
END_TEST

START_TEST(case_17_truncated_header)
{
    for (size_t size = 2; size < HEADER; size++) {
        struct bytes bytes = gz_of_text();
        char part[128];
        bytes.size = size;
        snprintf(part, sizeof part, "ends at byte %zu, expected the 10 bytes of a gz header", size);
        assert_refused(put("a.gz", bytes), MLP_ERROR_DATA, part);
    }
}
END_TEST

START_TEST(case_18_truncated_deflate_stream)
{
    struct bytes whole = gz_of_text();
    for (size_t size = HEADER; size < whole.size; size++) {
        struct bytes bytes = whole;
        char part[128];
        bytes.size = size;
        snprintf(part, sizeof part, "ends at byte %zu, expected more compressed data", size);
        assert_refused(put("a.gz", bytes), MLP_ERROR_DATA, part);
    }
}
END_TEST

START_TEST(case_19_bad_crc)
{
    struct bytes bytes = gz_of_text();
    char part[128];
    unsigned long right = crc32(0, (const unsigned char *)text, sizeof text);
    bytes.at[bytes.size - TRAILER] ^= 1;
    snprintf(part, sizeof part, "byte %zu: found the CRC-32 0x%08lx, expected 0x%08lx",
             bytes.size - TRAILER, right ^ 1, right);
    assert_refused(put("a.gz", bytes), MLP_ERROR_DATA, part);
}
END_TEST

START_TEST(case_20_bad_isize)
{
    struct bytes bytes = gz_of_text();
    char part[128];
    bytes.at[bytes.size - 3] = 1;
    snprintf(part, sizeof part, "byte %zu: found the length 0x%08zx, expected 0x%08zx",
             bytes.size - 4, sizeof text + 0x100, sizeof text);
    assert_refused(put("a.gz", bytes), MLP_ERROR_DATA, part);
}
END_TEST

START_TEST(case_21_trailing_garbage)
{
    static const char *const garbage[] = {"00", "1f", "1f00", "6761726261676521"};
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        struct bytes bytes = gz_of_text();
        char part[128];
        snprintf(part, sizeof part, "byte %zu: found %zu bytes of garbage", bytes.size,
                 strlen(garbage[i]) / 2);
        add_hex(&bytes, garbage[i]);
        assert_refused(put("a.gz", bytes), MLP_ERROR_DATA, part);
    }
}
END_TEST

START_TEST(case_22_concatenated_members)
{
    struct bytes bytes = {0};
    add_gz(&bytes, text, 10);
    add_gz(&bytes, "", 0);
    add_gz(&bytes, text + 10, sizeof text - 10);
    add_gz(&bytes, "", 0);
    assert_reads(put("a.gz", bytes), text, sizeof text);
}
END_TEST

START_TEST(the_second_member_is_checked_like_the_first)
{
    struct bytes bytes = {0};
    add_gz(&bytes, text, 10);
    size_t second = bytes.size;
    add_gz(&bytes, text, 10);
    struct bytes damaged = bytes;
    damaged.at[damaged.size - TRAILER] ^= 1;
    assert_refused(put("crc.gz", damaged), MLP_ERROR_DATA, "found the CRC-32");

    char part[128];
    damaged = bytes;
    damaged.at[second + 3] = 0x40;
    snprintf(part, sizeof part, "byte %zu: found a gz header", second);
    assert_refused(put("flags.gz", damaged), MLP_ERROR_DATA, part);

    damaged = bytes;
    damaged.size = second + 5;
    snprintf(part, sizeof part, "ends at byte %zu, expected the 10 bytes", second + 5);
    assert_refused(put("short.gz", damaged), MLP_ERROR_DATA, part);
}
END_TEST

START_TEST(case_23_a_bomb_stops_one_byte_behind_what_was_asked_for)
{
    enum { BOMB = 64 << 20 };
    unsigned char *zeros = calloc(1, 1 << 20), to[17];
    gzFile bomb = gzopen(in_folder("bomb.gz"), "wb9");
    for (int i = 0; i < BOMB >> 20; i++)
        ck_assert_int_eq(gzwrite(bomb, zeros, 1 << 20), 1 << 20);
    ck_assert_int_eq(gzclose(bomb), Z_OK);
    free(zeros);

    struct mlp_gz *gz;
    mlp_error error;
    size_t count;
    const char *path = in_folder("bomb.gz");
    ck_assert_int_eq(mlp_gz_open(path, &gz, &error), MLP_OK);
    ck_assert_uint_ge(mlp_gz_limit(gz), BOMB);
    memset(to, 0xaa, sizeof to);
    ck_assert_int_eq(mlp_gz_read(gz, to, 16, &count, &error), MLP_OK);
    ck_assert_uint_eq(count, 16);
    ck_assert_uint_eq(to[15], 0);
    ck_assert_uint_eq(to[16], 0xaa);
    ck_assert_int_eq(mlp_gz_expect_end(gz, &error), MLP_ERROR_DATA);
    assert_error(&error, MLP_ERROR_DATA, path, "goes on at unpacked byte 16 with 0x00");
    /* The next byte is the one after that: nothing else has been unpacked. */
    ck_assert_int_eq(mlp_gz_expect_end(gz, &error), MLP_ERROR_DATA);
    assert_error(&error, MLP_ERROR_DATA, path, "goes on at unpacked byte 17");
    mlp_gz_close(gz);
}
END_TEST

START_TEST(case_24_reserved_flags)
{
    for (int bit = 5; bit < 8; bit++) {
        struct bytes bytes = gz_of_text();
        char part[128];
        bytes.at[3] = (unsigned char)(1 << bit);
        snprintf(part, sizeof part, "byte 0: found a gz header that begins with 1f 8b 08 %02x",
                 1 << bit);
        assert_refused(put("a.gz", bytes), MLP_ERROR_DATA, part);
    }
}
END_TEST

START_TEST(another_method_than_deflate)
{
    struct bytes bytes = gz_of_text();
    bytes.at[2] = 7;
    assert_refused(put("a.gz", bytes), MLP_ERROR_DATA,
                   "begins with 1f 8b 07 00, expected 1f 8b 08");
}
END_TEST

START_TEST(case_25_unterminated_name)
{
    struct bytes bytes = {0};
    add_hex(&bytes, "1f8b 08 08 00000000 00 03 61626364656667");
    assert_refused(put("a.gz", bytes), MLP_ERROR_DATA,
                   "ends at byte 17, expected the end of the name");
}
END_TEST

START_TEST(case_26_a_plain_file_named_gz)
{
    struct bytes bytes = {0};
    add(&bytes, text, sizeof text);
    assert_reads(put("a.gz", bytes), text, sizeof text);
    bytes.size = 1;
    bytes.at[0] = 0x1f;
    assert_reads(put("b.gz", bytes), "\x1f", 1);
}
END_TEST

START_TEST(case_27_invalid_codes)
{
    static const struct {
        const char *deflate, *reason;
    } cases[] = {
        {"07", "invalid block type"},
        {"01 0000 0000", "invalid stored block lengths"},
        {"fd ff", "too many length or distance symbols"},
        {"05 00 02 ff 00 00 00", "invalid code lengths set"},
        {"1b03", "invalid literal/length code"},     /* symbol 286 of the fixed code */
        {"4b043e", "invalid distance code"},         /* symbol 30 of the fixed code */
        {"4b0412", "invalid distance too far back"}, /* 5 bytes, after a single one */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes bytes = {0};
        add_hex(&bytes, "1f8b 08 00 00000000 00 03");
        add_hex(&bytes, cases[i].deflate);
        add_hex(&bytes, "0000000000000000 0000000000000000");
        const char *path = put("a.gz", bytes);
        assert_refused(path, MLP_ERROR_DATA, cases[i].reason);
        assert_refused(path, MLP_ERROR_DATA, "byte 1");
    }
}
END_TEST

/* None may crash, hang, or give other bytes than the ones packed. */
START_TEST(every_single_bit_flip_is_refused_or_harmless)
{
    struct bytes whole = gz_of_text();
    int harmless = 0;
    for (size_t bit = 0; bit < 8 * whole.size; bit++) {
        struct bytes bytes = whole, content;
        mlp_error error;
        bytes.at[bit / 8] ^= (unsigned char)(1 << bit % 8);
        const char *path = put("a.gz", bytes);
        if (read_all(path, 1000, &content, &error) != MLP_OK) {
            assert_error(&error, MLP_ERROR_DATA, path, "byte ");
            continue;
        }
        harmless++;
        bool is_plain = bit < 16; /* without its magic number, a file is not gz */
        ck_assert_uint_eq(content.size, is_plain ? bytes.size : sizeof text);
        ck_assert_mem_eq(content.at, is_plain ? (const void *)bytes.at : text, content.size);
    }
    /* The magic number; the header's text flag, time, level and system; up to
     * seven bits behind the end of the deflate data. */
    ck_assert_int_ge(harmless, 16 + 1 + 32 + 8 + 8);
    ck_assert_int_le(harmless, 16 + 1 + 32 + 8 + 8 + 7);
}
END_TEST

START_TEST(case_103_folders_pipes_and_devices_are_refused)
{
    ck_assert_int_eq(mkdir(in_folder("folder"), 0777), 0);
    ck_assert_int_eq(mkfifo(in_folder("pipe"), 0666), 0);
    assert_refused(in_folder("folder"), MLP_ERROR_INTERNAL, "it is a folder");
    assert_refused(in_folder("pipe"), MLP_ERROR_INTERNAL, "it is a pipe");
    assert_refused("/dev/zero", MLP_ERROR_INTERNAL, "it is a device");
}
END_TEST

START_TEST(case_104_a_missing_file)
{
    assert_refused(in_folder("nothing"), MLP_ERROR_INTERNAL, "No such file");
}
END_TEST

START_TEST(every_allocation_fails_once)
{
    const char *path = put("a.gz", gz_of_text());
    struct bytes content;
    mlp_error error;
    long live = mlp_alloc_live();
    unsigned long n = 0;
    mlp_status status = MLP_ERROR_INTERNAL;
    while (status != MLP_OK && n < 100) {
        mlp_alloc_fail_at(++n, 0);
        status = read_all(path, 1000, &content, &error);
        mlp_alloc_fail_at(0, 0);
        ck_assert_int_eq(mlp_alloc_live(), live);
        if (status != MLP_OK)
            assert_error(&error, MLP_ERROR_INTERNAL, "out of memory for ", path);
    }
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_uint_gt(n, 3); /* the reader, its buffer, inflate's state */
}
END_TEST

START_TEST(every_system_call_fails_once)
{
    const char *path = put("a.gz", gz_of_text());
    struct bytes content;
    mlp_error error;
    unsigned long n = 0;
    mlp_status status = MLP_ERROR_INTERNAL;
    while (status != MLP_OK && n < 100) {
        mlp_file_fail_at(++n);
        status = read_all(path, 1000, &content, &error);
        mlp_file_fail_at(0);
        if (status != MLP_OK)
            assert_error(&error, MLP_ERROR_INTERNAL, path, "Input/output error");
    }
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_uint_gt(n, 4);
}
END_TEST

/* More than one buffer of input, incompressible, in large and odd steps. */
START_TEST(a_file_larger_than_the_buffers)
{
    enum { SIZE = 3000001 };
    unsigned char *data = malloc(SIZE), *read = malloc(SIZE + 1);
    ck_assert(data && read);
    uint32_t state = 1;
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 1664525 + 1013904223;
        data[i] = i % 3 ? (unsigned char)(state >> 24) : 0;
    }
    gzFile file = gzopen(in_folder("large.gz"), "wb1");
    ck_assert_int_eq(gzwrite(file, data, SIZE), SIZE);
    ck_assert_int_eq(gzclose(file), Z_OK);

    static const size_t steps[] = {SIZE + 1, SIZE, 99991};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct mlp_gz *gz;
        size_t done = 0, count = 1;
        ck_assert_int_eq(mlp_gz_open(in_folder("large.gz"), &gz, NULL), MLP_OK);
        while (done < SIZE && count > 0) {
            size_t step = steps[i] < SIZE + 1 - done ? steps[i] : SIZE + 1 - done;
            ck_assert_int_eq(mlp_gz_read(gz, read + done, step, &count, NULL), MLP_OK);
            done += count;
        }
        ck_assert_uint_eq(done, SIZE);
        ck_assert_int_eq(mlp_gz_expect_end(gz, NULL), MLP_OK);
        ck_assert_int_eq(memcmp(data, read, SIZE), 0);
        mlp_gz_close(gz);
    }
    free(data);
    free(read);
}
END_TEST

START_TEST(closing_nothing_is_fine)
{
    mlp_gz_close(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gz");
    TCase *tests = tcase_create("gz");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_gz_file_gives_its_content);
    tcase_add_test(tests, empty_content_is_no_error);
    tcase_add_test(tests, optional_header_fields_are_skipped);
    tcase_add_test(tests, case_17_truncated_header);
    tcase_add_test(tests, case_18_truncated_deflate_stream);
    tcase_add_test(tests, case_19_bad_crc);
    tcase_add_test(tests, case_20_bad_isize);
    tcase_add_test(tests, case_21_trailing_garbage);
    tcase_add_test(tests, case_22_concatenated_members);
    tcase_add_test(tests, the_second_member_is_checked_like_the_first);
    tcase_add_test(tests, case_23_a_bomb_stops_one_byte_behind_what_was_asked_for);
    tcase_add_test(tests, case_24_reserved_flags);
    tcase_add_test(tests, another_method_than_deflate);
    tcase_add_test(tests, case_25_unterminated_name);
    tcase_add_test(tests, case_26_a_plain_file_named_gz);
    tcase_add_test(tests, case_27_invalid_codes);
    tcase_add_test(tests, every_single_bit_flip_is_refused_or_harmless);
    tcase_add_test(tests, case_103_folders_pipes_and_devices_are_refused);
    tcase_add_test(tests, case_104_a_missing_file);
    tcase_add_test(tests, every_allocation_fails_once);
    tcase_add_test(tests, every_system_call_fails_once);
    tcase_add_test(tests, a_file_larger_than_the_buffers);
    tcase_add_test(tests, closing_nothing_is_fine);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
