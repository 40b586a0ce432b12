import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.elasticsearch.Version;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.mapper.MapperExtrasPlugin;
import org.elasticsearch.node.Node;
import org.elasticsearch.reindex.ReindexPlugin;
import org.elasticsearch.transport.Netty4Plugin;

/**
 * One Elasticsearch node: {@code java ElasticsearchNode FOLDER}, with FOLDER/elasticsearch.yml.
 * Elastic's own launcher wants its distribution around it; the node itself needs its jars alone.
 */
public final class ElasticsearchNode extends Node {
    private ElasticsearchNode(Environment environment) {
        super(environment, List.of(Netty4Plugin.class, ReindexPlugin.class, MapperExtrasPlugin.class), false);
    }

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        OrphanWatch.start(folder);

        var settings = Settings.builder()
            .loadFromPath(folder.resolve("elasticsearch.yml"))
            .put("path.home", folder)
            .build();
        LogConfigurator.configureWithoutConfig(settings);
        var node = new ElasticsearchNode(new Environment(settings, null));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
        node.start();
        System.out.println("READY version=" + Version.CURRENT);
        Thread.currentThread().join();
    }

    private static void close(Node node) {
        try {
            node.close();
        } catch (IOException e) {
            e.printStackTrace();
        }
    }
}
