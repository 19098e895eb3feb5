// Names, not the whole: Momento's SDK is CommonJS, of which a dynamic import would give `default` alone.
export {
  CacheClient,
  CacheGetResponse,
  Configurations,
  CredentialProvider,
  ReadConcern,
  TopicClient,
  TopicConfigurations,
  TopicSubscribe,
} from '@gomomento/sdk-web';
