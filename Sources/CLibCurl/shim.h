#pragma once
#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call: one wrapper per argument type.

typedef size_t (*stoker_curl_data_callback)(char *, size_t, size_t, void *);
typedef curl_socket_t (*stoker_curl_opensocket_callback)(void *, curlsocktype, struct curl_sockaddr *);

static inline CURLcode stoker_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode stoker_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode stoker_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode stoker_curl_set_data_callback(CURL *handle, CURLoption option, stoker_curl_data_callback value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode stoker_curl_set_opensocket(CURL *handle, stoker_curl_opensocket_callback value) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, value);
}

static inline CURLcode stoker_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode stoker_curl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode stoker_curl_get_pointer(CURL *handle, CURLINFO info, void **value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode stoker_curl_get_string(CURL *handle, CURLINFO info, char **value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLMcode stoker_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// The address is longer than the member's type for IPv6, so Swift must not copy it out of the struct.
static inline const struct sockaddr *stoker_curl_address(const struct curl_sockaddr *target) {
    return &target->addr;
}
