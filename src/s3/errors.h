// SPDX-License-Identifier: Apache-2.0
//
// The answers of S3 that are not success: a code that clients switch on, its HTTP status, and a sentence. One
// row for each in s3_codes; functions of this folder return the enum, S3_OK being 0.
#ifndef ONDOL_S3_ERRORS_H
#define ONDOL_S3_ERRORS_H

#include "base/err.h"

// clang-format off
#define S3_CODES(X) \
    X(ACCESS_DENIED, "AccessDenied", 403, "Access Denied.") \
    X(AUTHORIZATION_HEADER_MALFORMED, "AuthorizationHeaderMalformed", 400, "The authorization header is malformed.") \
    X(AUTHORIZATION_QUERY_ERROR, "AuthorizationQueryParametersError", 400, \
      "The authorization parameters of the query are malformed.") \
    X(BAD_DIGEST, "BadDigest", 400, "The digest or checksum given does not match what was received.") \
    X(BUCKET_ALREADY_EXISTS, "BucketAlreadyExists", 409, "A bucket of this name exists and belongs to somebody else.") \
    X(BUCKET_NOT_EMPTY, "BucketNotEmpty", 409, "The bucket is not empty.") \
    X(ENTITY_TOO_LARGE, "EntityTooLarge", 400, "The object would be larger than is allowed.") \
    X(ENTITY_TOO_SMALL, "EntityTooSmall", 400, \
      "A part other than the last is smaller than the minimum size of a part.") \
    X(EXPIRED_TOKEN, "ExpiredToken", 400, "The token has expired.") \
    X(INCOMPLETE_BODY, "IncompleteBody", 400, "The body ended before all announced bytes had come.") \
    X(INTERNAL_ERROR, "InternalError", 500, "Something broke here; try again.") \
    X(INVALID_ACCESS_KEY_ID, "InvalidAccessKeyId", 403, "The access key is not known here.") \
    X(INVALID_ARGUMENT, "InvalidArgument", 400, "An argument is invalid.") \
    X(INVALID_BUCKET_NAME, "InvalidBucketName", 400, "The name of the bucket is not valid.") \
    X(INVALID_DIGEST, "InvalidDigest", 400, "Content-MD5 is not the base64 of 16 bytes.") \
    X(INVALID_LOCATION_CONSTRAINT, "InvalidLocationConstraint", 400, "The location is not valid.") \
    X(INVALID_PART, "InvalidPart", 400, "A part was not uploaded, or its ETag is another.") \
    X(INVALID_PART_NUMBER, "InvalidPartNumber", 416, "The object has no part of this number.") \
    X(INVALID_PART_ORDER, "InvalidPartOrder", 400, "The parts are not in ascending order of their numbers.") \
    X(INVALID_RANGE, "InvalidRange", 416, "The requested range lies outside the object.") \
    X(INVALID_REQUEST, "InvalidRequest", 400, "The request is invalid.") \
    X(INVALID_STORAGE_CLASS, "InvalidStorageClass", 400, "The storage class is not known.") \
    X(INVALID_URI, "InvalidURI", 400, "The path or query cannot be read.") \
    X(KEY_TOO_LONG, "KeyTooLongError", 400, "The key is longer than 1024 bytes.") \
    X(MALFORMED_TRAILER, "MalformedTrailerError", 400, "The trailer of the body is malformed.") \
    X(MALFORMED_XML, "MalformedXML", 400, "The XML is not well-formed or not what this operation takes.") \
    X(MAX_MESSAGE_LENGTH_EXCEEDED, "MaxMessageLengthExceeded", 400, "The request document is too large.") \
    X(METADATA_TOO_LARGE, "MetadataTooLarge", 400, "The x-amz-meta-* headers hold more than 2048 bytes.") \
    X(METHOD_NOT_ALLOWED, "MethodNotAllowed", 405, "This method is not allowed on this resource.") \
    X(MISSING_CONTENT_LENGTH, "MissingContentLength", 411, "Content-Length is required.") \
    X(MISSING_REQUEST_BODY, "MissingRequestBodyError", 400, "This operation takes a body.") \
    X(MISSING_SECURITY_HEADER, "MissingSecurityHeader", 400, "A required header is missing.") \
    X(NO_SUCH_BUCKET, "NoSuchBucket", 404, "The bucket does not exist.") \
    X(NO_SUCH_BUCKET_POLICY, "NoSuchBucketPolicy", 404, "The bucket has no policy.") \
    X(NO_SUCH_CORS_CONFIGURATION, "NoSuchCORSConfiguration", 404, "The bucket has no CORS configuration.") \
    X(NO_SUCH_KEY, "NoSuchKey", 404, "The key does not exist.") \
    X(NO_SUCH_LIFECYCLE_CONFIGURATION, "NoSuchLifecycleConfiguration", 404, "The bucket has no lifecycle.") \
    X(NO_SUCH_PUBLIC_ACCESS_BLOCK, "NoSuchPublicAccessBlockConfiguration", 404, \
      "The bucket has no public access block.") \
    X(NO_SUCH_TAG_SET, "NoSuchTagSet", 404, "There are no tags.") \
    X(NO_SUCH_UPLOAD, "NoSuchUpload", 404, \
      "The multipart upload does not exist; it may have been completed or aborted.") \
    X(NO_SUCH_VERSION, "NoSuchVersion", 404, "The version does not exist.") \
    X(NO_SUCH_WEBSITE_CONFIGURATION, "NoSuchWebsiteConfiguration", 404, "The bucket is no website.") \
    X(NOT_IMPLEMENTED, "NotImplemented", 501, "This is not implemented here.") \
    X(NOT_MODIFIED, "NotModified", 304, "") \
    X(OBJECT_LOCK_NOT_FOUND, "ObjectLockConfigurationNotFoundError", 404, "The bucket has no object lock.") \
    X(OWNERSHIP_CONTROLS_NOT_FOUND, "OwnershipControlsNotFoundError", 404, "The bucket has no ownership controls.") \
    X(PRECONDITION_FAILED, "PreconditionFailed", 412, "A precondition of the request does not hold.") \
    X(QUOTA_EXCEEDED, "QuotaExceeded", 403, "The quota of storage would be exceeded.") \
    X(REPLICATION_NOT_FOUND, "ReplicationConfigurationNotFoundError", 404, "The bucket has no replication.") \
    X(REQUEST_EXPIRED, "AccessDenied", 403, "Request has expired.") \
    X(REQUEST_TIME_TOO_SKEWED, "RequestTimeTooSkewed", 403, \
      "The time of the request and the time of the server differ by more than 15 minutes.") \
    X(REQUEST_TIMEOUT, "RequestTimeout", 400, "The body did not arrive in time.") \
    X(SERVER_SIDE_ENCRYPTION_NOT_FOUND, "ServerSideEncryptionConfigurationNotFoundError", 404, \
      "The bucket has no encryption configuration.") \
    X(SERVICE_UNAVAILABLE, "ServiceUnavailable", 503, "Too busy; try again later.") \
    X(SIGNATURE_DOES_NOT_MATCH, "SignatureDoesNotMatch", 403, \
      "The signature calculated here is not the one given. Check the secret key and how the request is signed.") \
    X(SLOW_DOWN, "SlowDown", 503, "Too many requests; slow down.") \
    X(TOO_MANY_BUCKETS, "TooManyBuckets", 400, "There are as many buckets as are allowed.") \
    X(CONTENT_SHA256_MISMATCH, "XAmzContentSHA256Mismatch", 400, \
      "x-amz-content-sha256 is not the SHA-256 of what was received.")
// clang-format on

enum s3_code {
    S3_OK = 0,
#define X(name, text, status, message) S3_##name,
    S3_CODES(X)
#undef X
        S3_CODE_COUNT
};

const char *s3_code_text(enum s3_code c);    // "NoSuchKey"; "" for S3_OK
int s3_code_status(enum s3_code c);          // 404; 200 for S3_OK
const char *s3_code_message(enum s3_code c); // one sentence; "" for S3_OK and for answers without a body

// Fills `e` (which may be NULL) with a sentence that is better than the table's and returns `c`, so that
// failing is one line. e->code is set to a negative errno that tells only that there is a text.
enum s3_code s3_fail(struct err *e, enum s3_code c, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
