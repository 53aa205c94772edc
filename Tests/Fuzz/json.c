/* Strict JSON, as in RFC 8259 and the reference's section 5. Simple and slow. */
#include "fuzz.h"

#include <secp256k1.h>

struct text {
    const unsigned char *at, *end;
};

enum { MAX_DEPTH = 1024, KEPT = 128 };

/* A string, unescaped: its length and its first bytes. */
struct string {
    size_t count;
    unsigned char bytes[KEPT];
};

static void space(struct text *t) {
    while (t->at < t->end && strchr(" \t\n\r", *t->at) && *t->at) t->at++;
}

static int take(struct text *t, char token) {
    space(t);
    if (t->at == t->end || *t->at != (unsigned char)token) return 0;
    t->at++;
    return 1;
}

static void keep(struct string *s, unsigned byte) {
    if (s->count < KEPT) s->bytes[s->count] = (unsigned char)byte;
    s->count++;
}

static void keep_scalar(struct string *s, uint32_t c) {
    if (c < 0x80) {
        keep(s, c);
        return;
    }
    int tails = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned marks[] = {0, 0xC0, 0xE0, 0xF0};
    keep(s, marks[tails] | c >> 6 * tails);
    while (tails--) keep(s, 0x80 | (c >> 6 * tails & 0x3F));
}

static int hex_value(unsigned c) {
    return c >= '0' && c <= '9' ? (int)c - '0'
        : c >= 'a' && c <= 'f'  ? (int)c - 'a' + 10
        : c >= 'A' && c <= 'F'  ? (int)c - 'A' + 10
                                : -1;
}

static int hex4(struct text *t, uint32_t *unit) {
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = t->at < t->end ? hex_value(*t->at++) : -1;
        if (digit < 0) return 0;
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return 1;
}

static int escape(struct text *t, struct string *s) {
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (t->at == t->end) return 0;
    unsigned c = *t->at++;
    if (c != 'u') {
        const char *found = c ? strchr(names, (int)c) : NULL;
        if (found) keep(s, (unsigned char)values[found - names]);
        return found != NULL;
    }
    uint32_t high, low;
    if (!hex4(t, &high)) return 0;
    if (high < 0xD800 || high > 0xDFFF) {
        keep_scalar(s, high);
        return 1;
    }
    if (high > 0xDBFF || t->end - t->at < 2 || t->at[0] != '\\' || t->at[1] != 'u') return 0;
    t->at += 2;
    if (!hex4(t, &low) || low < 0xDC00 || low > 0xDFFF) return 0;
    keep_scalar(s, 0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00));
    return 1;
}

static int utf8(struct text *t, unsigned lead, struct string *s) {
    int tails = lead >= 0xF8 ? 0 : lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (!tails || t->end - t->at < tails) return 0;
    uint32_t c = lead & (0x3Fu >> tails);
    for (int i = 0; i < tails; i++) {
        if ((*t->at & 0xC0) != 0x80) return 0;
        c = c << 6 | (*t->at++ & 0x3F);
    }
    if (c < least[tails] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return 0;
    keep_scalar(s, c);
    return 1;
}

static int string(struct text *t, struct string *s) {
    s->count = 0;
    if (!take(t, '"')) return 0;
    while (t->at < t->end) {
        unsigned c = *t->at++;
        if (c == '"') return 1;
        if (c < 0x20) return 0;
        if (c == '\\' ? !escape(t, s) : c >= 0x80 ? !utf8(t, c, s) : (keep(s, c), 0)) return 0;
    }
    return 0;
}

static int is(const struct string *s, const char *text) {
    return s->count == strlen(text) && memcmp(s->bytes, text, s->count) == 0;
}

static int digits(struct text *t) {
    const unsigned char *start = t->at;
    while (t->at < t->end && *t->at >= '0' && *t->at <= '9') t->at++;
    return t->at > start;
}

static int here(struct text *t, const char *any) {
    if (t->at == t->end || !*t->at || !strchr(any, *t->at)) return 0;
    t->at++;
    return 1;
}

static int number(struct text *t) {
    space(t);
    here(t, "-");
    if (!here(t, "0") && !digits(t)) return 0;
    if (here(t, ".") && !digits(t)) return 0;
    if (here(t, "eE")) {
        here(t, "+-");
        if (!digits(t)) return 0;
    }
    return 1;
}

static int word(struct text *t, const char *word) {
    size_t count = strlen(word);
    if ((size_t)(t->end - t->at) < count || memcmp(t->at, word, count) != 0) return 0;
    t->at += count;
    return 1;
}

static int value(struct text *t, int depth) {
    struct string ignored;
    space(t);
    if (t->at == t->end) return 0;
    switch (*t->at) {
    case '"': return string(t, &ignored);
    case 't': return word(t, "true");
    case 'f': return word(t, "false");
    case 'n': return word(t, "null");
    case '[':
    case '{': break;
    default: return number(t);
    }
    char close = *t->at++ == '{' ? '}' : ']';
    if (depth == MAX_DEPTH) return 0;
    if (take(t, close)) return 1;
    do {
        if (close == '}' && !(string(t, &ignored) && take(t, ':'))) return 0;
        if (!value(t, depth + 1)) return 0;
    } while (take(t, ','));
    return take(t, close);
}

static int is_at_end(struct text *t) {
    space(t);
    return t->at == t->end;
}

static int key(struct text *t, unsigned *id, unsigned char *bytes) {
    struct string name, hex;
    int has_id = 0, has_key = 0;
    if (!take(t, '{')) return 0;
    do {
        if (!string(t, &name) || !take(t, ':')) return 0;
        if (is(&name, "key_id")) {
            space(t);
            const unsigned char *start = t->at;
            if (has_id++ || !number(t) || t->at - start > 3) return 0;
            *id = 0;
            for (const unsigned char *p = start; p < t->at; p++) {
                if (*p < '0' || *p > '9') return 0;
                *id = *id * 10 + *p - '0';
            }
            if (*id > 255) return 0;
        } else if (is(&name, "public_key")) {
            if (has_key++ || !string(t, &hex) || hex.count != 66) return 0;
            for (int i = 0; i < 33; i++) {
                int high = hex_value(hex.bytes[2 * i]), low = hex_value(hex.bytes[2 * i + 1]);
                if (high < 0 || low < 0) return 0;
                bytes[i] = (unsigned char)(high * 16 + low);
            }
        } else if (!value(t, 0)) {
            return 0;
        }
    } while (take(t, ','));
    return take(t, '}') && has_id && has_key;
}

int model_key_list(const unsigned char *text, size_t count, struct key_list *list) {
    struct text t = {text, text + count};
    list->count = 0;
    if (!take(&t, '[')) return ILLEGAL_PARAM;
    do {
        unsigned id;
        unsigned char bytes[33];
        secp256k1_pubkey point;
        if (list->count == 256 || !key(&t, &id, bytes)) return ILLEGAL_PARAM;
        if (!secp256k1_ec_pubkey_parse(secp256k1_context_static, &point, bytes, 33)) return ILLEGAL_PARAM;
        for (size_t i = 0; i < list->count; i++)
            if (list->keys[i].id == id && memcmp(list->keys[i].key, bytes, 33) != 0) return ILLEGAL_PARAM;
        list->keys[list->count].id = id;
        memcpy(list->keys[list->count++].key, bytes, 33);
    } while (take(&t, ','));
    return take(&t, ']') && is_at_end(&t) ? SUCCESS : ILLEGAL_PARAM;
}

int model_card_types(const unsigned char *text, size_t count, unsigned char *types, size_t capacity,
    size_t *type_count) {
    struct text t = {text, text + count};
    *type_count = 0;
    if (!take(&t, '[')) return ILLEGAL_PARAM;
    do {
        struct string type;
        if (!string(&t, &type) || type.count != 8) return ILLEGAL_PARAM;
        for (int i = 0; i < 8; i++)
            if (type.bytes[i] < 0x20 || type.bytes[i] > 0x7E) return ILLEGAL_PARAM;
        if (*type_count < capacity) memcpy(types + 8 * *type_count, type.bytes, 8);
        ++*type_count;
    } while (take(&t, ','));
    return take(&t, ']') && is_at_end(&t) ? SUCCESS : ILLEGAL_PARAM;
}

int model_pos_param(const unsigned char *text, size_t count) {
    static const char *const names[] = {"pos_id", "subject", "record_id", "type"};
    struct text t = {text, text + count};
    int seen[4] = {0}, trip = 0;
    if (count > 1024 || !take(&t, '{')) return POS_PARAM_ERROR;
    do {
        struct string name, content;
        int which = 0;
        if (!string(&t, &name) || !take(&t, ':')) return POS_PARAM_ERROR;
        while (which < 4 && !is(&name, names[which])) which++;
        if (which == 4) {
            if (!value(&t, 0)) return POS_PARAM_ERROR;
            continue;
        }
        if (seen[which]++ || !string(&t, &content) || content.count == 0) return POS_PARAM_ERROR;
        if (which == 3) trip = is(&content, "SINGLE") ? 1 : is(&content, "IN") ? 2 : is(&content, "OUT") ? 3 : 0;
    } while (take(&t, ','));
    if (!take(&t, '}') || !is_at_end(&t) || !trip) return POS_PARAM_ERROR;
    return seen[0] && seen[1] && seen[2] ? trip : POS_PARAM_ERROR;
}
